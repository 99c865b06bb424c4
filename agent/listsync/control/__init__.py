"""The control socket: how `listsyncctl` and other programs talk to the running agent."""
