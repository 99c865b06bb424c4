"""What the core and the commands need from the world, one small Protocol for each noun.

Implemented by `providers`, `seerr` and `store`. Whoever needs one noun gets that port alone.
"""
