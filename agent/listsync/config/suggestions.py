"""What a key or a word that is none was meant to be: only what surely does no harm is suggested.

Whoever follows a suggestion does not read what it does. So a word is taken for another one where
it is the same in other letters or another order, where people of other programs call it so, or
for a slip of the pen; likeness alone, as of `genre_exclude` and `exclude`, is none of these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_ELSEWHERE = {
    # Kometa, Radarr, Sonarr, traktarr, Pulsarr, ListSync and their like, in small letters.
    **dict.fromkeys(
        ("quality", "radarr_quality", "sonarr_quality", "quality_profile_id", "profile_id"),
        "quality_profile",
    ),
    **dict.fromkeys(
        ("folder", "radarr_folder", "sonarr_folder", "root_folder_path", "root"), "root_folder"
    ),
    "path": "root_folder or file",
    **dict.fromkeys(("radarr_tag", "sonarr_tag", "item_radarr_tag", "tag_ids"), "tags"),
    **dict.fromkeys(("requester", "requested_by", "user_id", "username", "as_user"), "request_as"),
    **dict.fromkeys(("sonarr_language", "language_profile_id"), "language_profile"),
    **dict.fromkeys(("is4k", "uhd", "fourk"), "four_k"),
    **dict.fromkeys(("radarr", "sonarr", "instance", "server_id"), "service"),
    **dict.fromkeys(
        ("blacklisted_genres", "ignore_genres", "without_genres", "genre_not", "genres_not"),
        "exclude_genres",
    ),
    **dict.fromkeys(("allowed_genres", "only_genres"), "genres"),
    **dict.fromkeys(("allowed_languages", "original_language"), "languages"),
    **dict.fromkeys(("blacklisted_languages", "not_languages"), "exclude_languages"),
    **dict.fromkeys(
        (
            "rating_limit",
            "vote_average_gte",
            "tmdb_vote_average_gte",
            "min_score",
            "minimum_rating",
            "imdb_rating",
            "tmdb_rating",
        ),
        "min_rating",
    ),
    **dict.fromkeys(("vote_average_lte",), "max_rating"),
    **dict.fromkeys(("year_gte", "blacklisted_min_year", "from_year", "since"), "min_year"),
    **dict.fromkeys(("year_lte", "blacklisted_max_year", "to_year", "until"), "max_year"),
    **dict.fromkeys(("vote_count_gte", "votes_gte", "min_vote_count"), "min_votes"),
    **dict.fromkeys(("vote_count_lte", "votes_lte", "max_vote_count"), "max_votes"),
    **dict.fromkeys(("max_items", "item_limit", "add_limit", "count", "max"), "limit"),
    **dict.fromkeys(("max_requests", "request_limit", "quota"), "max_per_day or max_per_run"),
    **dict.fromkeys(("type", "media_type", "media", "list_type"), "kind"),
    **dict.fromkeys(("season", "monitor_seasons", "season_monitor"), "seasons"),
    **dict.fromkeys(("auto_approve", "approved"), "approve"),
    **dict.fromkeys(("disabled", "disable", "skip", "paused"), "enabled: false"),
    **dict.fromkeys(("active", "enable", "is_enabled"), "enabled"),
    **dict.fromkeys(("interval", "sync_interval", "frequency", "refresh_interval"), "every"),
    **dict.fromkeys(("schedule", "crontab"), "every or cron"),
    **dict.fromkeys(("tz", "time_zone"), "timezone"),
    **dict.fromkeys(("overseerr", "jellyseerr", "seerr"), "server"),
    **dict.fromkeys(("apikey", "key", "token"), "api_key"),
    **dict.fromkeys(("host", "address", "base_url"), "url"),
    **dict.fromkeys(("default", "list_defaults", "all_lists"), "defaults"),
    **dict.fromkeys(("notifications", "notifiers", "notification"), "notify"),
    **dict.fromkeys(("exclusions", "exclusion", "excluded", "blacklist", "ignore"), "exclude"),
    **dict.fromkeys(("dashboard", "web", "webui", "web_ui", "ui", "api"), "http"),
    **dict.fromkeys(("port", "bind", "listen_address"), "listen"),
    **dict.fromkeys(("events", "event", "when", "triggers"), "on"),
    **dict.fromkeys(("logging", "logs"), "log"),
    **dict.fromkeys(("timeout",), "timeout_s"),
    **dict.fromkeys(("include_genres", "included_genres"), "genres"),
    **dict.fromkeys(("include_languages", "included_languages"), "languages"),
    **dict.fromkeys(("mal",), "myanimelist"),
    **dict.fromkeys(("thetvdb",), "tvdb"),
    **dict.fromkeys(("rss", "feed"), "custom"),
    "trakt_trending": "trakt: trending:movies",
    "trakt_popular": "trakt: popular:movies",
    "tmdb_popular": "tmdb: movie/popular",
    "tmdb_discover": "tmdb: discover/movie?...",
    **dict.fromkeys(("films", "film", "movies"), "movie"),
    **dict.fromkeys(("show", "shows", "series", "tvshows", "tv_shows"), "tv"),
}
"""What people of other programs write, and the key or value that it is here."""
_LISTS_ELSEWHERE = re.compile(
    r"(anilist|imdb|letterboxd|mdblist|myanimelist|plex|simkl|stevenlu|tmdb|trakt|tvdb)"
    r"_(?:\w+_)?(lists?|charts?|watchlist|search)$"
)
_DECISIVE = frozenset(
    ("approve", "cancel_removed", "enabled", "exclude", "new_seasons", "no_sandbox", "none")
)
"""What much depends on: these are suggested for one wrong letter at most."""
_OPPOSITES = (("includ", "exclud"), ("min", "max"), ("disabl", "enabl"), ("first", "last"))
_SMALL, _LONG = 4, 6


def meant(text: str, known: Iterable[str], may_be: Callable[[str], bool] = lambda _: True) -> str:
    """Say which of the *known* words was meant; empty where that is not sure.

    *may_be* tells whether one of them could stand there with what was given.
    """
    names, word = [*known], _folded(text)
    elsewhere = _ELSEWHERE.get(word) or _LISTS_ELSEWHERE.sub(r"\1", word)
    if elsewhere != word and re.split(r"[:\s]", elsewhere)[0] in names:
        return elsewhere
    fitting = [name for name in names if not _are_opposites(word, name) and may_be(name)]
    return _in_other_order(word, fitting) or _slip(word, fitting) or _begun(word, fitting)


def _folded(text: str) -> str:
    """Write a key in our way: `minRating`, `min-rating` and `Min Rating` as min_rating."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text[:100].strip().strip('"'))
    return re.sub(r"[\W_]+", "_", parted).strip("_").lower()


def _are_opposites(word: str, name: str) -> bool:
    return any(
        (one in word and other in name) or (other in word and one in name)
        for one, other in _OPPOSITES
    )


def _in_other_order(word: str, names: Iterable[str]) -> str:
    words = _words(word)
    return next((name for name in names if _words(name) == words), "")


def _words(name: str) -> list[str]:
    """Take a name apart, in one order; one and several are the same."""
    return sorted(one.removesuffix("s") if len(one) > _SMALL else one for one in name.split("_"))


def _slip(word: str, names: Iterable[str]) -> str:
    """Find the name that differs by the fewest wrong letters, if there are few and it is one."""
    slips = sorted((slips_between(word, name), name) for name in names)
    slips = [one for one in slips if one[0] <= _most(word, one[1])]
    is_open = len(slips) > 1 and slips[0][0] == slips[1][0]
    return "" if is_open or not slips else slips[0][1]


def _most(word: str, name: str) -> int:
    return 2 if len(word) >= _LONG and name not in _DECISIVE else 1


def _begun(word: str, names: Iterable[str]) -> str:
    """Find the name that goes on where *word* ends, if it is one."""
    begun = [name for name in names if len(word) >= _SMALL and name.startswith(word)]
    return begun[0] if len(begun) == 1 and begun[0] not in _DECISIVE else ""


def slips_between(one: str, other: str) -> int:
    """Count letters that are wrong, missing, too many, or swapped with their neighbour."""
    if abs(len(one) - len(other)) > 2:
        return 3
    older: list[int] = []
    old: list[int] = [*range(len(other) + 1)]
    for row, letter in enumerate(one, 1):
        new: list[int] = [row]
        for column, own in enumerate(other, 1):
            new.append(min(old[column] + 1, new[-1] + 1, old[column - 1] + (letter != own)))
            if row > 1 and column > 1 and one[row - 2] == own and letter == other[column - 2]:
                new[-1] = min(new[-1], older[column - 2] + 1)
        older, old = old, new
    return old[-1]
