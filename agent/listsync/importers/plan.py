"""What is taken over from another program, and what is not: read first, done later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace
from datetime import datetime

from listsync.config.original_lists import NoListError, list_of, service_of
from listsync.config.values import SERVICES
from listsync.config_types import SecretStr
from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.lean_dataclasses import dataclass
from listsync.redaction import without_secrets
from listsync.text_cleaning import one_line

Keys = tuple[str, ...]
"""Where something stands in listsync.yaml."""
NOTIFY_DISCORD: Keys = ("notify", "discord", "url")
"""Where the webhook of a new target stands."""


@dataclass(frozen=True, slots=True)
class MovedList:
    """One list in our words; *options* are further keys of it with what is written there."""

    service: str
    text: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def source(self) -> str:
        """Name the list for good, as its memory does."""
        return f"{self.service}:{SERVICES[self.service](self.text)}"

    def __str__(self) -> str:
        """Write it for people."""
        options = "".join(f", {key}: {value}" for key, value in self.options)
        is_open = self.service == "file" or without_secrets(self.text) == self.text
        named = self.text if is_open else SERVICES[self.service](self.text)
        return f"{self.service}: {named}{options}"


@dataclass(frozen=True, slots=True)
class MovedSecret:
    """A secret, and the key that it belongs to; *number* tells it from others of its name."""

    keys: Keys
    value: SecretStr
    number: int = 1

    @property
    def name(self) -> str:
        """What it is called in the vault."""
        name = "_".join(self.keys)
        return name if self.number == 1 else f"{name}_{self.number}"


@dataclass(frozen=True, slots=True)
class HandledTitle:
    """A title that the other program had handled; without a kind it may be a film or a series."""

    kind: MediaType | None
    tmdb: int
    title: str
    at: datetime

    def editions(self, *, four_k: bool) -> tuple[Edition, ...]:
        kinds = (self.kind,) if self.kind else tuple(MediaType)
        return tuple(Edition(TitleKey(kind, self.tmdb), four_k) for kind in kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovePlan:
    """All that another program has, as far as it was understood.

    `found` says what was read, `left` what is not taken over, each with its reason. `settings`
    are texts as they are written in listsync.yaml. `exclude` are id forms.
    """

    found: tuple[str, ...] = ()
    lists: tuple[MovedList, ...] = ()
    settings: dict[Keys, str] = field(default_factory=dict)
    secrets: tuple[MovedSecret, ...] = ()
    exclude: tuple[str, ...] = ()
    handled: tuple[HandledTitle, ...] = ()
    four_k: bool = False
    left: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.lists or self.settings or self.secrets or self.exclude or self.handled)

    def joined(self, other: MovePlan) -> MovePlan:
        """Put *other* behind this: where both say something of one key, this one counts."""
        known = {one.keys for one in self.secrets}
        return replace(
            self,
            found=(*self.found, *other.found),
            lists=each_once((*self.lists, *other.lists)),
            settings={**other.settings, **self.settings},
            secrets=(*self.secrets, *(one for one in other.secrets if one.keys not in known)),
            exclude=tuple(dict.fromkeys((*self.exclude, *other.exclude))),
            handled=(*self.handled, *other.handled),
            four_k=self.four_k or other.four_k,
            left=tuple(dict.fromkeys((*self.left, *other.left))),
        )


def each_once(lists: Iterable[MovedList]) -> tuple[MovedList, ...]:
    """Leave out lists that come again, whatever their spelling."""
    first: dict[str, MovedList] = {}
    for one in lists:
        first.setdefault(one.source, one)
    return tuple(first.values())


def moved_list(list_type: str, text: str, **options: str | None) -> tuple[MovedList | None, str]:
    """Put a list of ListSync into our words; else None, and why it is not taken over."""
    given = tuple((key, value) for key, value in options.items() if value)
    try:
        return MovedList(service_of(list_type), list_of(list_type, text), given), ""
    except NoListError as error:
        return None, f"the list {one_line(without_secrets(f'{list_type}: {text}'))}: {error}"
