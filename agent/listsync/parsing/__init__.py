"""From what lists are made of (JSON, tables, text, addresses) to checked rows and fields."""
