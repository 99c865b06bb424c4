"""What a list needs to be read that is not given, and what is read already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from listsync.config.list_entries import Form, WrittenLists, find_service, is_disabled
from listsync.config.validation import ConfigIssue, truth_of
from listsync.config.values import parsed_source
from listsync.config_types import SecretStr
from listsync.providers.custom import source as custom
from listsync.providers.mdblist.source import MdbListSource
from listsync.providers.myanimelist.source import MyAnimeListSource
from listsync.providers.plex.source import PlexSource
from listsync.providers.simkl.source import SimklSource
from listsync.providers.tmdb.source import TmdbSource
from listsync.providers.trakt import source as trakt
from listsync.providers.tvdb.source import TvdbSource

Wanted = tuple[tuple[str, ...], ...]
"""Keys of `providers.SERVICE`: of each group one has to be given."""


_WANTED: Mapping[type, Wanted] = {
    MdbListSource: (("api_key", "client_id"),),  # the id of an app, to log in with
    MyAnimeListSource: (("client_id",),),
    PlexSource: (("token",),),
    SimklSource: (("client_id",),),
    TmdbSource: (("token", "api_key"),),
    trakt.TraktSource: (("client_id",),),
    TvdbSource: (("api_key",),),
}


def wanted_by(source: object) -> Wanted:
    """Name the keys that a list wants of its service; none: it wants nothing."""
    match source:
        case trakt.TraktSource(login=trakt.Login.ALWAYS):
            return (("client_id",), ("client_secret",))
        case TvdbSource(is_favorites=True):
            return (("api_key",), ("pin",))
        case PlexSource(feed=SecretStr()) | MdbListSource(open_path=str()):
            return ()
        case _:
            return _WANTED.get(type(source), ())


def needs_login(source: object, options: object) -> bool:
    """Tell whether a list is read with a login alone; *options* are those of its service.

    One that lacks a key that it wants is not read with a login either.
    """
    for group in wanted_by(source):
        if not any(getattr(options, key, None) for key in group):
            return False
    match source:
        case SimklSource() | trakt.TraktSource(login=trakt.Login.ALWAYS):
            return True
        case MdbListSource(open_path=None):
            return not getattr(options, "api_key", None)
        case _:
            return False


def check_access(written: WrittenLists, *, has_more: bool) -> Iterator[ConfigIssue]:
    """Warn of lists that will not be read; *has_more*: there is more to do than to read lists."""
    yield from _check_keys(written, has_more=has_more)
    yield from _check_twice(written)
    for n, one in enumerate(written.lists):
        if not is_disabled(one.form) and (why := _why_private(one.form.get(custom.SERVICE))):
            yield ConfigIssue(("lists", n, custom.SERVICE), why, is_warning=True)


def _why_private(form: object) -> str:
    match form:
        case {"url": str(url), **more} if host := custom.private_host(url):
            allowed = more.get("allow_private")
            if isinstance(allowed, str) and truth_of(allowed):
                return ""
            return (
                f"cannot be read: {host} is in a private network, or this machine, and "
                "`allow_private: true` does not stand beside its url"
            )
        case _:
            return ""


def _check_keys(written: WrittenLists, *, has_more: bool) -> Iterator[ConfigIssue]:
    """Say before anything is read which lists want a key that is not given, a service once.

    An agent still shows what it knows of them, but where it is all of them, nothing is to be read.
    """
    providers = _mapping(_mapping(written.data).get("providers"))
    found: dict[str, ConfigIssue] = {}
    lacking = followed = 0
    for n, one in enumerate(written.lists):
        service = find_service(one.form)
        if service is None or is_disabled(one.form):
            continue
        followed += 1
        options = _mapping(providers.get(service))
        wanted = wanted_by(_source(service, one.form))
        missing = [group for group in wanted if not any(options.get(key) for key in group)]
        if missing:
            lacking += 1
            why = _why_unread(service, tuple(missing))
            found.setdefault(why, ConfigIssue(("lists", n, service), why, is_warning=True))
    is_all = lacking == followed and not has_more
    yield from (replace(issue, leaves_nothing=is_all) for issue in found.values())


def _source(service: str, form: Form) -> object:
    text = form.get(service)
    try:
        return parsed_source(service, text.strip()) if isinstance(text, str) else None
    except ValueError:
        return None


def _why_unread(service: str, missing: Wanted) -> str:
    names = (" or ".join(f"providers.{service}.{key}" for key in group) for group in missing)
    is_free = service == trakt.SERVICE and ("client_id",) in missing
    more = f". {trakt.FREE_WAYS}" if is_free else ""
    return f"cannot be read: {service} wants {' and '.join(names)}{more}"


def _check_twice(written: WrittenLists) -> Iterator[ConfigIssue]:
    """Find lists that another entry names as well, in other words, and with the same options.

    Who gives each a name of its own means two.
    """
    seen: dict[object, int] = {}
    for n, one in enumerate(written.lists):
        service = find_service(one.form)
        source = _source(service, one.form) if service else None
        if service is None or source is None:
            continue
        options = {key: one.form[key] for key in one.form if key not in {service, "name"}}
        first = seen.setdefault((service, str(source), repr(sorted(options.items()))), n)
        other = written.lists[first]
        if first != n and not ("name" in one.form and "name" in other.form):
            number = other.number
            what = f"this is the list that lists[{number}] names already, with the same options"
            yield ConfigIssue(("lists", n, service), what, is_warning=True)


def _mapping(value: object) -> Form:
    return value if isinstance(value, dict) else {}
