"""The dashboard for browsers: pages made here, which read and act without JavaScript too."""

from __future__ import annotations
