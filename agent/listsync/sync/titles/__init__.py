"""Which title is meant: titles folded and compared, searched for, and proven."""
