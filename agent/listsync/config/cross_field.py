"""What concerns several keys at once, checked on the plain data.

Models would stop at the first error of a field and leave these for the next attempt.
"""

from __future__ import annotations

from collections.abc import Iterator

from listsync.config.issues import Finding, dotted
from listsync.config.services import NOT_YET, SERVICES
from listsync.config.values import SANDBOX
from listsync.config.yaml_document import KeyPath, quote
from listsync.redaction import without_secrets


def check_rules(data: object) -> Iterator[Finding]:
    """Find what breaks a rule; values of a wrong type are the models' business."""
    if isinstance(data, dict):
        yield from _check_server(data.get("server"))
        yield from _check_schedule(data.get("sync"), ("sync",))
        lists = data.get("lists")
        entries = list(enumerate(lists)) if isinstance(lists, list) else []
        forms = [(n, form) for n, form in entries if isinstance(form, dict)]
        for n, form in forms:
            yield from _check_source(form, ("lists", n))
            yield from _check_schedule(form, ("lists", n))
            yield from _check_kind(form, ("lists", n))
        yield from _check_names(forms)


def find_service(form: dict[str, object]) -> str | None:
    """Find the key that says which service a list is from."""
    return next((key for key in form if key in SERVICES), None)


def name_of(form: dict[str, object]) -> str | None:
    """Say how a list is called: its `name`, else `service: list`."""
    name, service = form.get("name"), find_service(form)
    if isinstance(name, str) and name.strip():
        return name.strip()
    text = form.get(service) if service else None
    if service is None or not isinstance(text, str):
        return None
    return f"{service}: {_shown(service, text.strip())}"


def _shown(service: str, text: str) -> str:
    """Write a list as the user does, but without login, key and query of an address.

    Where it would then not be the same list, it is called as the service's parser calls it.
    """
    shown = text if service == "file" else without_secrets(text)
    source = None if shown == text else _parsed(service, text)
    return shown if source in {None, _parsed(service, shown)} else str(source)


def _parsed(service: str, text: str) -> object:
    try:
        return SERVICES[service](text)
    except ValueError:
        return None


def _check_server(server: object) -> Iterator[Finding]:
    if not isinstance(server, dict) or not server.get("url"):
        return
    if str(server["url"]).strip() != SANDBOX and server.get("api_key") is None:
        what = 'missing key "api_key" in server (or set OVERSEERR_API_KEY)'
        yield Finding(("server",), what)


def _check_schedule(form: object, path: KeyPath) -> Iterator[Finding]:
    if isinstance(form, dict) and form.get("every") is not None and form.get("cron") is not None:
        what = f"{dotted(path)}: every is given as well, expected one of every and cron"
        yield Finding((*path, "cron"), what, at_key=True)


def _check_kind(form: dict[str, object], path: KeyPath) -> Iterator[Finding]:
    filters = form.get("filters")
    inner = filters.get("kind") if isinstance(filters, dict) else None
    outer = form.get("kind")
    if inner is not None and outer is not None and inner != outer:
        what = f"the list takes only {outer} already, expected one of kind and filters.kind"
        yield Finding((*path, "filters", "kind"), what, at_key=True)


def _check_source(form: dict[str, object], path: KeyPath) -> Iterator[Finding]:
    services = [key for key in form if key in SERVICES]
    if not services and not any(map(_is_meant_for_service, form)):
        expected = ", ".join(SERVICES)
        yield Finding(path, f"this list has no source, expected one of the keys {expected}")
    for extra in services[1:]:
        what = f"this list has a source already ({services[0]}), expected one source for each list"
        yield Finding((*path, extra), what, at_key=True)


def _is_meant_for_service(key: str) -> bool:
    """Tell a misspelt or unsupported service, which is reported as a key, from none at all."""
    import difflib  # noqa: PLC0415 - a good file needs none

    return key in NOT_YET or bool(difflib.get_close_matches(key.lower(), SERVICES, n=1))


def _check_names(forms: list[tuple[int, dict[str, object]]]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for n, form in forms:
        name = name_of(form)
        if name is None:
            continue
        if name in seen:
            what = f"the name {quote(name)} is taken by lists[{seen[name]}], expected another name"
            key = "name" if form.get("name") else find_service(form)
            yield Finding(("lists", n, key or "name"), what)
        seen.setdefault(name, n)
