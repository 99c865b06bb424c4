"""Sends messages: an outbox in the state, and one module for each kind of target."""
