"""The Radarrs and Sonarrs behind the server: what can be chosen there, and what a user chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime

from listsync.domain.media import MediaType
from listsync.domain.server import Asking
from listsync.lean_dataclasses import dataclass

PROGRAMS = {MediaType.MOVIE: "Radarr", MediaType.TV: "Sonarr"}
"""Films go to a Radarr, series to a Sonarr."""


@dataclass(frozen=True, slots=True)
class ArrChoice:
    """Something with a number and a name: a profile, a tag; of a root folder its path."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrService:
    """A Radarr or Sonarr as the server's own settings have it; `profile`, `folder`: its usual."""

    id: int
    name: str
    four_k: bool = False
    is_default: bool = False
    profile: ArrChoice | None = None
    folder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrOffer:
    """All that can be chosen at one Radarr or Sonarr; a Sonarr 4 has no language profiles."""

    profiles: tuple[ArrChoice, ...] = ()
    root_folders: tuple[ArrChoice, ...] = ()
    language_profiles: tuple[ArrChoice, ...] = ()
    tags: tuple[ArrChoice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrFailure:
    """Why an offer could not be read. `went_away`: the server gave no answer, or ended on it."""

    why: str
    went_away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrSelection:
    """What the user names of a Radarr or Sonarr for titles of one kind, in 4K or not.

    A number is an id. `more_tags` are those of other lists: left out where there are none such.
    """

    kind: MediaType
    four_k: bool
    service: str | None = None
    profile: str | None = None
    root_folder: str | None = None
    language_profile: str | None = None
    tags: tuple[str, ...] = ()
    more_tags: tuple[str, ...] = ()

    @classmethod
    def of(cls, asking: Asking, kind: MediaType, *, four_k: bool) -> ArrSelection:
        """Take what concerns the services; language profiles are Sonarr's."""
        return cls(
            kind=kind,
            four_k=four_k,
            service=asking.service,
            profile=asking.profile,
            root_folder=asking.root_folder,
            language_profile=asking.language_profile if kind is MediaType.TV else None,
            tags=asking.tags,
        )

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """What is named beside tags, each with its word for people."""
        parts = (
            ("service", self.service),
            ("profile", self.profile),
            ("root folder", self.root_folder),
            ("language profile", self.language_profile),
        )
        return tuple((what, name) for what, name in parts if name is not None)

    @property
    def is_empty(self) -> bool:
        """Tell whether the server decides all of it."""
        return not (self.named or self.tags or self.more_tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrNames:
    """What is known of all Radarrs, or all Sonarrs, of one server.

    `services` None: its settings were never read; `settings_failure` says why, if that was tried.
    `offers`, `failures` and `asked_at` (when last) are by the service's id. `sought` says when a
    selection was looked up last.
    """

    services: tuple[ArrService, ...] | None = None
    settings_failure: str = ""
    offers: Mapping[int, ArrOffer] = field(default_factory=dict)
    failures: Mapping[int, ArrFailure] = field(default_factory=dict)
    asked_at: Mapping[int, datetime] = field(default_factory=dict)
    sought: Mapping[str, datetime] = field(default_factory=dict)

    def with_offer(self, service_id: int, offer: ArrOffer, at: datetime) -> ArrNames:
        failures = {number: one for number, one in self.failures.items() if number != service_id}
        return replace(
            self,
            offers={**self.offers, service_id: offer},
            failures=failures,
            asked_at={**self.asked_at, service_id: at},
        )

    def with_failure(self, service_id: int, failure: ArrFailure, at: datetime) -> ArrNames:
        """Note a failure; what was known before stays."""
        return replace(
            self,
            failures={**self.failures, service_id: failure},
            asked_at={**self.asked_at, service_id: at},
        )


NO_ARR_NAMES = ArrNames()
