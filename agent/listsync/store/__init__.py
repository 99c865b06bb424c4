"""What listsync remembers: one SQLite file, one connection, plain SQL."""
