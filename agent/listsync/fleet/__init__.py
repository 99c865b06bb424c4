"""Several agents on one request server: who leads, and what all of them know."""
