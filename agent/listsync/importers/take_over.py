"""Does what a plan says: secrets into the vault, titles into the state, the rest into the file.

In this order, each step whole or not at all, and each of them the same when it is done again: who
is killed in between has lost nothing, and a second attempt completes it. The file comes last, so
that no list is followed before it is known what was handled.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

import yaml

from listsync.config.configuration import Config, check, load
from listsync.config.original_lists import LIST_VARIABLES
from listsync.config.secret_forms import SecretKeeper
from listsync.config.yaml_document import MAX_BYTES, load_document, parse_document
from listsync.domain.media import parse_exclusion
from listsync.errors import BusyError, ConfigError, ListsyncError
from listsync.file_access import make_folder, own_path, sync_folder, write_new
from listsync.importers.plan import NOTIFY_DISCORD, Keys, MovedList, MovedSecret, MovePlan
from listsync.importers.yaml_edit import Entry, UneditableError, add_entries, add_key, block, flow
from listsync.lean_dataclasses import dataclass
from listsync.redaction import without_secrets
from listsync.secrets.vault import Vault, open_vault
from listsync.store.imported_titles import import_titles
from listsync.store.state_folder import locked, opened_state

_HEAD = (
    "# What listsync follows and requests; all options: `listsync files listsync.yaml.example`.\n"
)
_KEPT = ".before-import"
_SHOWN = 100
"""Lines of what a person is to add."""
_NO_ADDRESS = "the server's address is not known: set server.url, or OVERSEERR_URL"


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are taken over to; the configuration and the state need not be there yet."""

    config: Path
    state: Path
    environ: Mapping[str, str]
    ask: Callable[[str], str] | None = None
    """Asks for the passphrase of the vault; None: nobody is there."""

    def vault(self) -> Vault:
        return open_vault(self.config, self.state, self.environ, self.ask)

    @property
    def keeper(self) -> SecretKeeper:
        """What tells the secrets that the configuration names."""
        return SecretKeeper(self.vault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a plan changes here. `text` is the configuration as it will be.

    `known` are lists that it names already; `left` says what stays as it is, and why.
    """

    plan: MovePlan
    before: str | None
    text: str
    lists: tuple[MovedList, ...] = ()
    known: tuple[MovedList, ...] = ()
    settings: Mapping[Keys, str] = field(default_factory=dict)
    secrets: tuple[MovedSecret, ...] = ()
    exclude: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def writes_file(self) -> bool:
        return self.text != (self.before or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was changed. `titles` are new in the state; `kept` is where the old file is."""

    titles: int = 0
    secrets: int = 0
    wrote_file: bool = False
    kept: Path | None = None

    @property
    def changed(self) -> bool:
        return bool(self.titles or self.secrets or self.wrote_file)


def change_of(plan: MovePlan, places: Places) -> Change:
    """Say what *plan* changes; nothing is written.

    Raises:
        ConfigError: the configuration that is there is wrong, or would be.
        UneditableError: it cannot be added to; the message says what to add.
    """
    plan = replace(plan, secrets=tuple(_under_free_names(plan.secrets, places)))
    if not os.path.lexists(places.config):
        return _edited(plan, None, {}, _Known())
    document = load_document(places.config)
    data = document.data if isinstance(document.data, dict) else {}
    config = _without_variables(places, _server_of(plan, data))
    sources = frozenset(one.rules.source for one in config.lists)
    known = _Known(sources, frozenset(config.exclude), bool(data.get("notify")))
    text = places.config.read_bytes().decode("utf-8")
    return _edited(plan, text, data, known)


def _under_free_names(secrets: Sequence[MovedSecret], places: Places) -> Iterator[MovedSecret]:
    """Number those whose name another secret of the vault has, which is not ours to replace."""
    vault = places.vault() if secrets else None
    taken = vault.names() if vault else ()
    for one in secrets:
        while vault and one.name in taken and vault.get(one.name) != one.value.get_secret_value():
            one = replace(one, number=one.number + 1)  # noqa: PLW2901 - until it is free
        yield one


@dataclass(frozen=True, slots=True)
class _Known:
    """What the configuration names already."""

    sources: frozenset[str] = frozenset()
    exclude: frozenset[object] = frozenset()
    has_targets: bool = False


def _without_variables(places: Places, more: Mapping[str, str]) -> Config:
    """Load the configuration without lists that come from the environment, but with *more*."""
    environ = {name: text for name, text in places.environ.items() if name not in LIST_VARIABLES}
    return load(places.config, {**more, **environ}, keeper=places.keeper)


def _server_of(plan: MovePlan, data: Mapping[str, object]) -> dict[str, str]:
    """Give what the configuration lacks of the server and *plan* brings, as variables."""
    known = {one.keys: one.value.get_secret_value() for one in plan.secrets}
    known |= plan.settings
    names = {"OVERSEERR_URL": ("server", "url"), "OVERSEERR_API_KEY": ("server", "api_key")}
    return {
        name: known[keys] for name, keys in names.items() if keys in known and not _at(data, keys)
    }


def _edited(
    plan: MovePlan, before: str | None, data: Mapping[str, object], known: _Known
) -> Change:
    left: list[str] = []
    settings = _new_settings(plan, data, left)
    secrets = tuple(one for one in plan.secrets if _is_missing(one, data, known))
    lists = tuple(one for one in plan.lists if one.source not in known.sources)
    exclude = tuple(one for one in plan.exclude if parse_exclusion(one) not in known.exclude)
    if not (("server", "url") in settings or _at(data, ("server", "url"))):
        left.append(_NO_ADDRESS)
        secrets = tuple(one for one in secrets if one.keys[0] != "server")
    keys: dict[Keys, object] = dict(settings)
    keys |= {one.keys: {"encrypted": one.name} for one in secrets if one.keys != NOTIFY_DISCORD}
    entries: dict[str, list[Entry]] = {
        "lists": [[(one.service, one.text), *one.options] for one in lists],
        "exclude": list(exclude),
        "notify": [
            [("discord", {"url": {"encrypted": one.name}})]
            for one in secrets
            if one.keys == NOTIFY_DISCORD
        ],
    }
    text = _written(before, keys, entries)
    return Change(
        plan=plan,
        before=before,
        text=text,
        lists=lists,
        known=tuple(one for one in plan.lists if one.source in known.sources),
        settings=settings,
        secrets=secrets,
        exclude=exclude,
        left=tuple(left),
    )


def _new_settings(plan: MovePlan, data: Mapping[str, object], left: list[str]) -> dict[Keys, str]:
    """Give what the configuration does not say; what it says otherwise stays."""
    new = {}
    for keys, value in plan.settings.items():
        has_cron = keys == ("sync", "every") and _at(data, ("sync", "cron"))
        there = has_cron or _at(data, keys)
        if not there:
            new[keys] = value
        elif str(there).rstrip("/") != value.rstrip("/"):
            name = ".".join(keys)
            left.append(f"{name}: {without_secrets(value)} (your file says something else)")
    return new


def _is_missing(one: MovedSecret, data: Mapping[str, object], known: _Known) -> bool:
    return not known.has_targets if one.keys == NOTIFY_DISCORD else not _at(data, one.keys)


def _at(data: object, keys: Keys) -> object:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _written(
    before: str | None, keys: Mapping[Keys, object], entries: Mapping[str, list[Entry]]
) -> str:
    """Add to the text, and see that it says what was meant, and all that it said before.

    Raises:
        UneditableError: it cannot be done in this text; the message says what to add.
    """
    if not keys and not any(entries.values()):
        return before or ""
    text = _HEAD if before is None else before
    try:
        for path, value in sorted(keys.items(), key=_place):
            text = add_key(text, path, value)
        for key, added in entries.items():
            text = add_entries(text, key, added)
        if len(text.encode()) > MAX_BYTES:
            raise UneditableError(f"it would be larger than {MAX_BYTES // 1024} KiB")  # noqa: TRY301 - as below
        if parse_document(text, "").data != _meant(before, keys, entries):
            raise UneditableError("its form is unusual")  # noqa: TRY301 - told as the others
    except (UneditableError, ConfigError, yaml.YAMLError) as error:
        lines = list(_snippet(keys, entries))
        more = [f"# and {len(lines) - _SHOWN:,} more"] if len(lines) > _SHOWN else []
        snippet = "\n".join([*lines[:_SHOWN], *more])
        reason = error if isinstance(error, UneditableError) else "its form is unusual"
        why = f"listsync.yaml cannot be added to ({reason}); add this yourself:\n{snippet}"
        raise UneditableError(why) from None
    return text


_ORDER = ("server", "sync", "log", "providers")


def _place(item: tuple[Keys, object]) -> tuple[int, bool]:
    keys = item[0]
    number = _ORDER.index(keys[0]) if keys[0] in _ORDER else len(_ORDER)
    return number, keys != ("server", "url")


def _meant(
    before: str | None, keys: Mapping[Keys, object], entries: Mapping[str, list[Entry]]
) -> object:
    """Make the data that the text must say."""
    has_content = before is not None and any(
        line.strip() and not line.lstrip().startswith("#") for line in before.splitlines()
    )
    data = parse_document(before or "", "").data if has_content else {}
    if not isinstance(data, dict):
        raise UneditableError("it is no mapping (key: value)")
    for path, value in keys.items():
        part = data
        for key in path[:-1]:
            if not isinstance(part.get(key), dict):
                part[key] = {}
            part = part[key]
        part[path[-1]] = value
    for key, added in entries.items():
        if added:
            own = data.get(key) or []
            data[key] = [*own, *(one if isinstance(one, str) else dict(one) for one in added)]
    return data


def _snippet(keys: Mapping[Keys, object], entries: Mapping[str, list[Entry]]) -> Iterator[str]:
    for path, value in keys.items():
        yield f"{'.'.join(path)}: {flow(value)}"
    for key, added in entries.items():
        if added:
            yield f"{key}:"
            yield from (block(one, 2) for one in added)


def take_over(change: Change, places: Places) -> Done:
    """Do it. Nothing else of ours may run meanwhile.

    Raises:
        BusyError: an agent runs.
        ConfigError: the configuration would be wrong; nothing was written.
        ListsyncError: something cannot be written; what was done so far stands.
    """
    try:
        with locked(places.state):
            return _take_over(change, places)
    except BusyError as error:
        raise BusyError(f"{error}: stop it first, then do this again") from None


def _take_over(change: Change, places: Places) -> Done:
    secrets = _keep_secrets(change, places)
    if change.writes_file:
        _must_be_good(change, places)
    titles = _keep_titles(change.plan, places)
    kept = write_config(places.config, change.before, change.text) if change.writes_file else None
    return Done(titles=titles, secrets=secrets, wrote_file=change.writes_file, kept=kept)


def _keep_secrets(change: Change, places: Places) -> int:
    """Put secrets into the vault; those that are there as they are count for nothing."""
    if not change.secrets:
        return 0
    vault = places.vault()
    count = 0
    for one in change.secrets:
        value = one.value.get_secret_value()
        if one.name not in vault.names() or vault.get(one.name) != value:
            vault.set(one.name, value)
            count += 1
    return count


def _must_be_good(change: Change, places: Places) -> None:
    """See that the configuration will be right; one that was not there may lack the server."""
    document = parse_document(change.text, str(places.config))
    try:
        check(document, places.environ, places.config.parent, keeper=places.keeper)
    except ConfigError:
        if change.before is not None or _NO_ADDRESS not in change.left:
            raise


def _keep_titles(plan: MovePlan, places: Places) -> int:
    if not plan.handled:
        return 0
    with opened_state(places.state) as database:
        return import_titles(
            database,
            (
                (edition, one.title, one.at)
                for one in plan.handled
                for edition in one.editions(four_k=plan.four_k)
            ),
        )[1]


def write_config(path: Path, before: str | None, text: str) -> Path | None:
    """Put *text* in the place of the file, whole or not at all; returns where the old one is kept.

    Raises:
        ListsyncError: it cannot be written, or somebody has changed the file meanwhile.
    """
    try:
        place = own_path(path)
        make_folder(place.parent)
        if before is not None and place.read_bytes() != before.encode():
            raise ListsyncError(f"{path} has been changed meanwhile: do this again")
        if before is None and os.path.lexists(place):
            raise ListsyncError(f"{path} has come up meanwhile: do this again")
        kept = None if before is None else _keep(place)
        _replace(place, text.encode())
    except OSError as error:
        raise ListsyncError(f"cannot write {path}: {error.strerror or error}") from error
    return kept


def _keep(place: Path) -> Path:
    """Keep the file under another name, which nothing else has."""
    content, number = place.read_bytes(), 1
    while True:
        name = f"{place.name}{_KEPT}{'' if number == 1 else f'-{number}'}"
        kept = place.with_name(name)
        if os.path.lexists(kept):
            if kept.is_file() and kept.read_bytes() == content:
                return kept  # an earlier attempt came as far as this
            number += 1
        else:
            write_new(kept, content, like=place)
            sync_folder(place.parent)
            return kept


def _replace(place: Path, content: bytes) -> None:
    part = place.with_name(f".{place.name}.import")
    part.unlink(missing_ok=True)  # of one that was killed, or of somebody else
    try:
        write_new(part, content, like=place)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(place.parent)
