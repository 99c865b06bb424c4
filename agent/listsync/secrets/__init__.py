"""Secrets that are kept encrypted, and the key that they are encrypted with."""
