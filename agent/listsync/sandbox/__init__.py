"""A request server to try things on: answers as Overseerr, Jellyseerr or Seerr, owns nothing.

Demo, tests and benchmarks use it, always as a process of its own: `python -m listsync.sandbox`,
or `listsync.sandbox.process.SandboxProcess`.
"""
