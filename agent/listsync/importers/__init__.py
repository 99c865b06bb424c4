"""Moving in from other programs: what they have is read, shown, and taken over."""
