"""What `listsync check --live` tries at the server, opened so that nothing is changed there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from msgspec import structs

from listsync.app.wiring import copy_sandbox, open_lists, open_server, scratch_folder
from listsync.cancellation import CancelToken
from listsync.config.configuration import Config
from listsync.domain.arr_services import PROGRAMS, ArrSelection
from listsync.domain.list_rules import ListRules
from listsync.domain.media import MediaType
from listsync.domain.server import ServerInfo
from listsync.domain.server_knowledge import Allowance
from listsync.errors import (
    BusyError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    StateError,
    UnavailableError,
)
from listsync.lean_dataclasses import dataclass
from listsync.ports.titles import ArrNamesStore
from listsync.seerr.client import Seerr
from listsync.store.database import Database, copy_files
from listsync.store.server_guard import SqliteArrNames
from listsync.store.state_folder import locked, opened_state
from listsync.sync.arr_lookup import ArrDirectory, ArrLookup
from listsync.sync.arr_selection import OpenSelection, WhyOpen
from listsync.sync.fetch_lists import Before, Reading, read_lists
from listsync.terminal.output import plural

Kinds = Mapping[str, AbstractSet[MediaType]]
"""The kinds of titles that each list has, by its source."""
Named = tuple[str, ArrSelection]
"""What a list names at Radarr or Sonarr, and how that is called for people."""

_WORDS = {MediaType.MOVIE: "films", MediaType.TV: "series"}
_MENDED = (Refusal.CREDENTIAL, Refusal.NOT_FOUND)


class Mark(StrEnum):
    """How something stands.

    WRONG: the configuration, or what it names, has to be mended. NOT_CHECKED: nobody was asked.
    """

    OK = "ok"
    WRONG = "wrong"
    NOT_CHECKED = "not checked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out of one thing that the configuration names."""

    subject: str
    mark: Mark
    words: str = ""
    advice: str = ""


class LiveCheck:
    """Tries what a configuration names at the server, each part when it is asked for.

    `keeps`: what Radarr and Sonarr are asked is remembered for the next sync.
    """

    def __init__(
        self, config: Config, server: Seerr, store: ArrNamesStore, *, keeps: bool = False
    ) -> None:
        self.keeps = keeps
        self._server = server
        self._store = store
        self._act_as = config.server.request_as
        self._rules = [
            one.rules
            for one in config.lists
            if one.rules.is_enabled and not one.rules.is_exclusion
        ]
        self._info: ServerInfo | None = None

    @property
    def is_reached(self) -> bool:
        return self._info is not None

    def reach(self) -> Finding:
        """Say whether the server answers, and accepts the key; without that nothing else can."""
        try:
            self._info = info = self._server.identify()
        except (RefusedError, UnavailableError, ResponseChangedError) as error:
            return not_reached(error)
        words = f"{info.product.value} {info.version}, which accepts the key (of {info.user})"
        return Finding("server", Mark.OK, words)

    def clock(self) -> datetime | None:
        """Read the server's clock; None: it does not tell."""
        return self._server.clock()

    def users(self) -> Iterator[Finding]:
        """Try every user in whose name titles are to be requested."""
        named = {} if self._act_as is None else {str(self._act_as): "server.request_as"}
        for rules in self._rules:
            if rules.asking.user is not None:
                named.setdefault(rules.asking.user, f"user of {rules.name}")
        for user, subject in named.items():
            look = partial(self._server.problem_with_user, user)
            yield _look(f"{subject}, {user!r}", look, "correct it, or add the user at the server")

    def qualities(self, kinds: Kinds) -> Iterator[Finding]:
        """Say for which lists in 4K the server has nothing to hand their titles to."""
        has = {
            MediaType.MOVIE: self._info is not None and self._info.movie_4k,
            MediaType.TV: self._info is not None and self._info.series_4k,
        }
        for rules in self._rules:
            for kind in _kinds_of(rules, kinds) if rules.four_k else ():
                if not has[kind]:
                    why = f"the server has no default {PROGRAMS[kind]} for 4K"
                    advice = "add one in the server's settings, or leave four_k out"
                    yield Finding(f"{rules.name}, {_WORDS[kind]} in 4K", Mark.WRONG, why, advice)

    def rights(self, kinds: Kinds) -> Iterator[Finding]:
        """Say of which lists the user may not request titles."""
        for user, rules in self._rules_by_user().items():
            try:
                allowance = self._server.allowance_of(user)
            except (UnavailableError, RefusedError, ResponseChangedError):
                continue  # `users` says why
            for one in rules:
                yield from _not_permitted(one, _kinds_of(one, kinds), allowance)

    def _rules_by_user(self) -> dict[str, list[ListRules]]:
        found: dict[str, list[ListRules]] = {}
        for rules in self._rules:
            user = rules.asking.user or self._act_as
            if user is not None:
                found.setdefault(str(user), []).append(rules)
        return found

    def named(self, kinds: Kinds) -> list[Named]:
        """Gather what the lists name at Radarr and Sonarr."""
        found = [
            (rules.name, ArrSelection.of(rules.asking_for(kind), kind, four_k=rules.four_k))
            for rules in self._rules
            for kind in _kinds_of(rules, kinds)
        ]
        return [(f"{name}, {_words_of(one)}", one) for name, one in found if not one.is_empty]

    def names(self, named: Sequence[Named], *, ask_arr: bool) -> Iterator[Finding]:
        """Say of everything *named* whether it is there.

        The server's settings tell that, and what is remembered. Only with *ask_arr* the server
        asks a Radarr or Sonarr for the rest, which can end it.
        """
        try:
            known = self._directory([one for _, one in named], ask_arr=ask_arr)
        except UnavailableError as error:
            yield Finding("Radarr and Sonarr", Mark.FAILED, error.why)
            return
        for subject, wanted in named:
            found = _of_selection(subject, known, wanted, ask_arr=ask_arr)
            if found.advice and any(_is_for_both(wanted, one) for _, one in named):
                found = replace(found, advice=f"{found.advice}{_APART}")
            yield found

    def _directory(self, wanted: Sequence[ArrSelection], *, ask_arr: bool) -> ArrDirectory:
        lookup = ArrLookup(
            server=self._server.arr_services,
            store=self._store,
            identity=self._info.identity if self._info else "",
            now=datetime.now(UTC),
            again=True,
            careful=False,
        )
        return lookup.look_up(wanted) if ask_arr else lookup.compared(wanted)

    def filters(self) -> Iterator[Finding]:
        """Say whether the server's catalogue knows the genres and languages of filters."""
        for rules in self._rules:
            genres = rules.filters.genres | rules.filters.genres_not
            languages = rules.filters.languages | rules.filters.languages_not
            if genres:
                look = partial(self._unknown_genres, genres, rules.kind)
                yield _look(
                    f"{rules.name}, genres", look, "correct them: listsync check tells all"
                )
            if languages:
                look = partial(self._unknown_languages, languages)
                yield _look(f"{rules.name}, languages", look, "use the codes of ISO 639-1")

    def _unknown_genres(self, named: AbstractSet[str], kind: MediaType | None) -> str | None:
        kinds = [kind] if kind else list(MediaType)
        known = frozenset[str]().union(*(self._server.genres(one) for one in kinds))
        return _unknown(named - known)

    def _unknown_languages(self, named: AbstractSet[str]) -> str | None:
        return _unknown(named - self._server.languages())


def read_all(
    config: Config, state_dir: Path, token: CancelToken | None = None
) -> Iterator[Reading]:
    """Read every list, in their order, as if it had never been read."""
    with open_lists(config, state_dir, token) as lists:
        yield from read_lists(lists, {one.rules.source: Before() for one in lists})


def kinds_in(reading: Reading) -> frozenset[MediaType]:
    """Say which kinds of titles a list has; one that does not tell may be of either."""
    kinds = {one.kind for one in reading.entries}
    return frozenset(MediaType) if None in kinds else frozenset(one for one in kinds if one)


def rows_of(reading: Reading) -> str:
    """Count what was read of a list: its titles, and rows beside them that are none."""
    others = f", {plural(len(reading.skipped), 'other row')}" if reading.skipped else ""
    return f"{plural(len(reading.entries), 'title')}{others}"


def not_reached(error: RefusedError | UnavailableError | ResponseChangedError) -> Finding:
    """Say why the server cannot be used; the error's own words say what to do."""
    is_wrong = isinstance(error, RefusedError) and error.kind in _MENDED
    return Finding("server", Mark.WRONG if is_wrong else Mark.FAILED, error.why)


def _not_permitted(
    rules: ListRules, kinds: Sequence[MediaType], allowance: Allowance
) -> Iterator[Finding]:
    for kind in kinds:
        if allowance.permitted is not None and (kind, rules.four_k) not in allowance.permitted:
            what = f"{_WORDS[kind]}{' in 4K' * rules.four_k}"
            why = f"{allowance.name} has no permission to request {what}"
            advice = "give it to the user at the server"
            yield Finding(f"{rules.name}, {what}", Mark.WRONG, why, advice)


def _unknown(names: AbstractSet[str]) -> str | None:
    shown = ", ".join(map(repr, sorted(names)))
    return f"the server's catalogue does not know {shown}" if names else None


def _look(subject: str, look: Callable[[], str | None], advice: str) -> Finding:
    """Turn what *look* says is wrong (None: nothing) into a finding."""
    try:
        why = look()
    except (UnavailableError, RefusedError, ResponseChangedError) as error:
        return Finding(subject, Mark.FAILED, error.why)
    return Finding(subject, Mark.WRONG, why, advice) if why else Finding(subject, Mark.OK)


def _kinds_of(rules: ListRules, kinds: Kinds) -> list[MediaType]:
    """Name the kinds of titles that a list has; all that it may have, if it was not read."""
    there = kinds.get(rules.source, frozenset(MediaType))
    return [kind for kind in MediaType if kind in there and rules.kind in (None, kind)]


def _words_of(wanted: ArrSelection) -> str:
    tags = [f"tags {', '.join(wanted.tags)}"] if wanted.tags else []
    words = ", ".join([*(f"{what} {name}" for what, name in wanted.named), *tags])
    return f"{_WORDS[wanted.kind]}: {words}"


_APART = (
    "; it holds for films and series alike: to name one for each, write "
    "{movies: ..., series: ...} in its place"
)


def _is_for_both(wanted: ArrSelection, other: ArrSelection) -> bool:
    """Tell whether *other* is what the same entry names, or one like it, at the other program."""
    unlike = replace(other, kind=wanted.kind, language_profile=wanted.language_profile)
    return other.kind is not wanted.kind and unlike == wanted


def _of_selection(
    subject: str, known: ArrDirectory, wanted: ArrSelection, *, ask_arr: bool
) -> Finding:
    found = known.find(wanted)
    if not isinstance(found, OpenSelection):
        return Finding(subject, Mark.OK)
    match found.reason:
        case WhyOpen.UNKNOWN:
            advice = "the first sync looks it up; check --live --arr does it now"
            return Finding(subject, Mark.NOT_CHECKED, found.why, advice)
        case WhyOpen.MISSING:
            is_old = found.service_id is not None and not ask_arr
            more = "; check --live --arr looks whether it is there now" if is_old else ""
            advice = f"correct the name, or make it there{more}"
            return Finding(subject, Mark.WRONG, found.why, advice)
        case WhyOpen.UNFIT:
            return Finding(subject, Mark.WRONG, found.why)
        case WhyOpen.FAILED:
            program = PROGRAMS[wanted.kind]
            advice = f"test {program} in the server's settings"
            return Finding(subject, Mark.FAILED, found.why, advice)


@contextmanager
def open_check(
    config: Config, state_dir: Path, *, keep: bool, token: CancelToken | None = None
) -> Iterator[LiveCheck]:
    """Open what a check needs, and close it afterwards.

    With *keep*, what is looked up is remembered, unless another listsync works on the state.

    Raises:
        UnavailableError: the sandbox does not start, or the server's address is none.
        RefusedError: the key cannot be one.
        StateError: there is no room for a temporary folder.
    """
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder("check"))
        copy_sandbox(state_dir, scratch)
        server = open_server(_as_owner(config), scratch, token or CancelToken(), stack)
        keeps = keep and _is_ours(state_dir, stack)
        if keeps:
            database = stack.enter_context(opened_state(state_dir))
        else:
            database = _copied(state_dir, scratch)
            stack.callback(database.close)
        yield LiveCheck(config, server, SqliteArrNames(database), keeps=keeps)


def _as_owner(config: Config) -> Config:
    """Act as nobody else: whether that user exists is a finding of its own."""
    return replace(config, server=structs.replace(config.server, request_as=None))


def _is_ours(state_dir: Path, stack: ExitStack) -> bool:
    try:
        stack.enter_context(locked(state_dir))
    except BusyError:
        return False
    return True


def _copied(state_dir: Path, scratch: Path) -> Database:
    """Open a copy of the state; beside an agent that writes it may not be readable: then none."""
    try:
        return Database(copy_files(state_dir, scratch))
    except StateError:
        return Database(scratch / "nothing.db")
