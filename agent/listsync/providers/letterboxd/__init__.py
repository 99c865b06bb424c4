"""Letterboxd: public lists, watchlists, films, diaries and charts, from the site's own pages.

Films come with title and year; their ids and whether one is a series are on the page of each film.
Source: the markup and the feed as maintained clients read them, 2024 to 2026-10;
tests/fixtures/letterboxd/pages/README.md says how the samples were made.
"""

from __future__ import annotations
