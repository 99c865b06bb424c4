"""What real servers answered, call by call, against the sandbox."""
