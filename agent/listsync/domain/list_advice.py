"""The one thing that the user can do about a list that could not be read whole."""

from __future__ import annotations

from listsync.domain.lists import ListOutcome

_LATER = "nothing: it is asked again by itself"
_WORDS = {
    ListOutcome.PARTIAL: "nothing: what was read counts, and it is read again next time",
    ListOutcome.NOT_FOUND: "check its address: it may have been renamed or deleted",
    ListOutcome.PRIVATE: "make the list public at the service",
    ListOutcome.CREDENTIAL: "check the key in providers.{service}",
    ListOutcome.SUBSCRIPTION: "it needs a paid account at the service: follow another list",
    ListOutcome.RATE_LIMITED: f"{_LATER}; if that is often, raise providers.{{service}}.pace_s",
    ListOutcome.BLOCKED: "wait, or ask through another network: providers.{service}.proxy",
    ListOutcome.UNAVAILABLE: _LATER,
    ListOutcome.DRIFT: "update listsync; if it is the newest, report what the log says",
}
_OWN_WORDS = {
    ("file", ListOutcome.NOT_FOUND): "check the path in the configuration",
    ("file", ListOutcome.CREDENTIAL): "let the user that listsync runs as read the file",
    ("file", ListOutcome.PRIVATE): "let the user that listsync runs as read the file",
    ("file", ListOutcome.UNAVAILABLE): "check that the file's disk is there",
    ("file", ListOutcome.DRIFT): "look at the file: the reason says what is wrong with it",
    ("imdb", ListOutcome.NOT_FOUND): (
        "check its address: it must be a public list of titles; it may have been deleted"
    ),
    ("trakt", ListOutcome.PRIVATE): "log in with `listsync trakt-login`, or make the list public",
    ("trakt", ListOutcome.CREDENTIAL): (
        "log in with `listsync trakt-login`, with the client id in providers.trakt"
    ),
    ("mdblist", ListOutcome.PRIVATE): "set the key of its owner in providers.mdblist.api_key",
    ("tmdb", ListOutcome.PRIVATE): "make the list public at TMDB",
    **{
        (service, ListOutcome.BLOCKED): (
            f"let a browser try: providers.{service}.browser: auto, with Chromium and its "
            "chromedriver installed; where it does, only another network helps "
            f"(providers.{service}.proxy)"
        )
        for service in ("imdb", "letterboxd")
    },
}

_PASSING = (ListOutcome.PARTIAL, ListOutcome.RATE_LIMITED, ListOutcome.UNAVAILABLE)


def passes_by_itself(service: str, outcome: ListOutcome) -> bool:
    """Tell whether there is nothing that the user must do about it."""
    return outcome in _PASSING and (service, outcome) not in _OWN_WORDS


def advice_on(service: str, outcome: ListOutcome) -> str:
    """Say what the user can do; empty where all is well."""
    words = _OWN_WORDS.get((service, outcome)) or _WORDS.get(outcome, "")
    return words.format(service=service)


def trouble_words(service: str, outcome: ListOutcome, why: str) -> str:
    """Say how a list could not be read whole, why, and what the user can do."""
    words = f"{outcome.value.replace('_', ' ')}: {why}".rstrip(": ")
    advice = advice_on(service, outcome)
    return f"{words} ({advice})" if advice else words
