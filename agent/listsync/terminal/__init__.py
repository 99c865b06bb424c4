"""What both programs show, and how. Standard library only, quick to import.

Facts come as the agent sends them to its clients: `listsync` shows its own in the same shape.
"""
