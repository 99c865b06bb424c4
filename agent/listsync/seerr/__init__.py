"""The request server's client: Overseerr, Jellyseerr and Seerr speak one API.

What is said about the servers here was read in the code of Overseerr 1.34.0, Jellyseerr 2.7.3
and Seerr 3.1.0, and observed live on Overseerr 1.34.0 and Seerr 3.1.0.
"""

from __future__ import annotations
