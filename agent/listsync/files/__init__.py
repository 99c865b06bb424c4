"""Local files and folders that somebody else writes: read whole, and watched."""
