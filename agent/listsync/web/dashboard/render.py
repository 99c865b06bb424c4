"""Makes pages of templates. Everything is escaped, and what could steer a reader is marked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import resources
from urllib.parse import urlencode

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from listsync.lean_dataclasses import dataclass
from listsync.terminal.output import duration, file_size, plural, relative, span, time_of
from listsync.text_cleaning import printable
from listsync.web.authorization import EVERYBODY
from listsync.web.dashboard import words
from listsync.web.dashboard.assets import Assets
from listsync.web.settings import TokenScope
from listsync.web.tokens import Identity

_AGO = Markup('<time class="ago" datetime="{}" title="{}">{}</time>')
_CODE = Markup("<code>{}</code>")
_AT = Markup('<time class="at" datetime="{}">{}</time>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """For whom a page is made, and below which path its links stand."""

    base_path: str
    identity: Identity = EVERYBODY

    @property
    def is_known(self) -> bool:
        return bool(self.identity.scopes)

    @property
    def may_control(self) -> bool:
        return TokenScope.CONTROL in self.identity.scopes

    @property
    def csrf(self) -> str:
        return self.identity.csrf


class Renderer:
    """Holds the templates, all read at the start."""

    def __init__(self) -> None:
        self.assets = assets = Assets()
        folder = resources.files(__package__) / "templates"
        templates = {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir()}
        self._environment = environment = Environment(
            loader=DictLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_harmless,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        environment.filters |= {"ago": ago, "at": at, "span": span, "query": query, "coded": coded}
        environment.filters |= {"size": file_size, "duration": duration}
        environment.globals |= {
            "asset": assets.path,
            "plural": plural,
            "words": words,
            "mark_in": words.mark_in,
            "number": "{:,}".format,
        }

    @property
    def names(self) -> list[str]:
        return self._environment.list_templates()

    def render(self, template: str, viewer: Viewer, **facts: object) -> str:
        """Make a page, or a part of one."""
        found = self._environment.get_template(template)
        return found.render(viewer=viewer, base=viewer.base_path, **facts)


def _harmless(value: object) -> object:
    """Write None as nothing, and mark in foreign text what could turn or hide the rest."""
    if value is None:
        return ""
    return printable(value) if type(value) is str else value


def ago(text: object) -> Markup:
    """Write how long ago a time was, or how soon it is; the script of the page keeps it true."""
    when = time_of(text)
    if when is None:
        return Markup()
    return _AGO.format(when.isoformat(), _utc(when), relative(text, datetime.now(UTC)))


def at(text: object) -> Markup:
    """Write a time in UTC; the script of the page makes it local."""
    when = time_of(text)
    return _AT.format(when.isoformat(), _utc(when)) if when else Markup()


def coded(text: str) -> Markup:
    """Show as code what stands between `backquotes`, as it is to be typed."""
    parts = [escape(part) for part in printable(text).split("`")]
    if len(parts) % 2 == 0:
        return Markup("`").join(parts)
    return Markup().join(
        _CODE.format(part) if number % 2 else part for number, part in enumerate(parts)
    )


def _utc(when: datetime) -> str:
    return f"{when.astimezone(UTC):%d %b %Y, %H:%M} UTC"


def query(fields: Mapping[str, str]) -> str:
    """Write those *fields* that say something as the query of an address."""
    said = {name: value for name, value in fields.items() if value}
    return urlencode(said, errors="replace")
