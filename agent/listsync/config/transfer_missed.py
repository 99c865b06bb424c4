"""The key `transfers.missed`: whose history is read for imports whose webhook was lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta

from listsync.config.validation import ConfigIssue
from listsync.config.yaml_document import KeyPath, quote
from listsync.config_types import Check, Options, parse_one_line
from listsync.domain.transfers import ImportApp
from listsync.transfers.options import ARR_TYPES, ArrOptions
from listsync.transfers.settings import NamedArr


class MissedForm(Options, frozen=True, kw_only=True):
    """A Radarr or a Sonarr: exactly one kind's key."""

    radarr: Annotated[ArrOptions | None, "A Radarr."] = None
    sonarr: Annotated[ArrOptions | None, "A Sonarr."] = None
    name: Annotated[
        str | None,
        Check(parse_one_line),
        Meta(min_length=1, max_length=100),
        "Its instance name, once only; empty = Radarr or Sonarr, as it is called from the start.",
    ] = None

    @property
    def arr(self) -> NamedArr:
        kind = next(key for key in ARR_TYPES if getattr(self, key) is not None)
        options: ArrOptions = getattr(self, kind)
        return NamedArr(name=self.name or kind.capitalize(), app=ImportApp(kind), options=options)


def check_missed(entries: Mapping[int, dict[str, object]], at: KeyPath) -> Iterator[ConfigIssue]:
    """Find entries of no kind, or of two, and names that come twice."""
    names: dict[str, int] = {}
    for n, one in entries.items():
        kinds = [key for key in one if key in ARR_TYPES and one[key] is not None]
        if len(kinds) != 1:
            what = f"expected exactly one of the keys {', '.join(ARR_TYPES)}"
            yield ConfigIssue((*at, n), what)
            continue
        written = one.get("name")
        name = written.strip() if isinstance(written, str) else kinds[0].capitalize()
        if names.setdefault(name, n) != n:
            what = f"the name {quote(name)} is taken by transfers.missed[{names[name]}]"
            yield ConfigIssue((*at, n), f"{what}, expected a name of its own")
