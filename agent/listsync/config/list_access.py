"""What a list needs to be read that is not given, and what is read already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from listsync.config.list_entries import Form, WrittenLists, find_service, is_disabled
from listsync.config.validation import ConfigIssue, truth_of
from listsync.config.values import keys_of, parsed_source
from listsync.providers.custom import source as custom
from listsync.providers.trakt import source as trakt_source


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
        keys, options = _keys_for(service, one.form), _mapping(providers.get(service))
        if keys and not any(options.get(key) for key in keys):
            lacking += 1
            why = _why_unread(service, keys)
            found.setdefault(service, ConfigIssue(("lists", n, service), why, is_warning=True))
    is_all = lacking == followed and not has_more
    yield from (replace(issue, leaves_nothing=is_all) for issue in found.values())


def _keys_for(service: str, form: Form) -> tuple[str, ...]:
    return keys_of(_source(service, form))


def _source(service: str, form: Form) -> object:
    text = form.get(service)
    try:
        return parsed_source(service, text.strip()) if isinstance(text, str) else None
    except ValueError:
        return None


def _why_unread(service: str, keys: Sequence[str]) -> str:
    wanted = " or ".join(f"providers.{service}.{key}" for key in keys)
    more = f". {trakt_source.FREE_WAYS}" if service == trakt_source.SERVICE else ""
    return f"cannot be read: {service} wants {wanted}{more}"


def _check_twice(written: WrittenLists) -> Iterator[ConfigIssue]:
    """Find lists that another entry names as well, in other words, and with the same options."""
    seen: dict[object, int] = {}
    for n, one in enumerate(written.lists):
        service = find_service(one.form)
        source = _source(service, one.form) if service else None
        if service is None or source is None:
            continue
        options = {key: one.form[key] for key in one.form if key not in {service, "name"}}
        first = seen.setdefault((service, str(source), repr(sorted(options.items()))), n)
        if first != n:
            number = written.lists[first].number
            what = f"this is the list that lists[{number}] names already, with the same options"
            yield ConfigIssue(("lists", n, service), what, is_warning=True)


def _mapping(value: object) -> Form:
    return value if isinstance(value, dict) else {}
