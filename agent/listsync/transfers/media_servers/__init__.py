"""Media servers: one module for each kind, asked to scan a folder and whether they show a file."""
