"""The questions of `listsync init`: every answer is tried at once, and a wrong one asked again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from urllib.parse import urlsplit

from listsync.app import first_start
from listsync.app.first_start import TriedList, TriedServer
from listsync.cli.init_dialogue import Dialogue, Unanswered
from listsync.config.first_file import SecretForm, entry_of, pasted
from listsync.config.values import SANDBOX, parse_server_url
from listsync.config_types import SecretStr
from listsync.domain.media import MediaType
from listsync.errors import (
    ConfigError,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.lean_dataclasses import dataclass
from listsync.seerr.address import Address
from listsync.seerr.users import OWNER, Actor, forbidden_kinds

_MOST_USERS = 20
_WORDS = {MediaType.MOVIE: "films", MediaType.TV: "series"}
_FAILURES = (UnavailableError, RefusedError, ResponseChangedError)
_HOW_TO_NAME_IT = (
    "Type its address as you open it in the browser, or the word sandbox to try listsync on a "
    "built-in server first."
)
_CREDENTIALS = {
    "trakt": (
        "client_id",
        (
            "that of an API app of yours: trakt.tv/oauth/applications, for VIP members; else "
            "mirror the list at mdblist.com and paste that address, or name the ZIP of Trakt's "
            "data export"
        ),
    ),
    "mdblist": ("api_key", "it is free: mdblist.com/preferences"),
    "plex": ("token", "that of your Plex account: support.plex.tv/articles/204059436"),
    "myanimelist": ("client_id", "that of an API app of yours: myanimelist.net/apiconfig"),
    "simkl": (
        "client_id",
        "that of a free app of yours: simkl.com/settings/developer, TV, devices & command line",
    ),
    "tmdb": ("token", "your API read access token: themoviedb.org/settings/api"),
    "tvdb": ("api_key", "thetvdb.com/api-information"),
}
"""What a service may want before it shows a list: its key in `providers`, and where it is had."""


@dataclass(frozen=True, slots=True)
class GivenKey:
    """The server's key from the command line's options; `form` None: it is to be stored safely."""

    value: SecretStr
    form: SecretForm | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What need not be asked any more; without `is_tried` nothing goes to the network."""

    server: str | None = None
    key: GivenKey | None = None
    request_as: str | int | None = None
    lists: Sequence[str] = ()
    ca_file: Path | None = None
    is_tried: bool = True


@dataclass(slots=True, kw_only=True)
class Answers:
    """What was answered so far."""

    url: str = ""
    key: GivenKey | None = None
    request_as: str | int | None = None
    lists: list[dict[str, str]] = field(default_factory=list)
    credentials: dict[str, dict[str, str]] = field(default_factory=dict)


class Interview:
    """Asks everything in turn; *folder* is where the configuration will lie."""

    def __init__(
        self,
        talk: Dialogue,
        given: Given,
        environ: Mapping[str, str],
        folder: Path,
        state_dir: Path,
    ) -> None:
        self._talk = talk
        self._given = given
        self._environ = environ
        self._folder = folder
        self._state_dir = state_dir
        self._answers = Answers()

    def run(self) -> Answers:
        """Ask until there is an answer to everything.

        Raises:
            ListsyncError: what was given cannot be used, and nobody can be asked.
            click.Abort: the person has had enough.
        """
        tried = self._server()
        self._user(tried)
        self._lists()
        return self._answers

    # -- the server -----------------------------------------------------------------------------

    def _server(self) -> TriedServer | None:
        """Ask for the server and its key until they work; None: they were not tried."""
        self._talk.head("1. Your request server: Overseerr, Jellyseerr or Seerr")
        given = self._given.server
        default = "" if given else self._usual()
        while True:
            url, given = self._answering_at(self._address(given, default)), None
            if url is not None:
                self._answers.url = url
                if not self._given.is_tried:
                    self._answers.key = self._given.key
                    return None
                tried = self._key(url)
                if tried is not None:
                    return tried

    def _address(self, given: str | None, default: str) -> str:
        while True:
            if given is None and not self._talk.asks and not default:
                raise Unanswered(
                    "no request server answers at the usual addresses: name yours with --server "
                    "(or --server sandbox, to try things out)"
                )
            text = given or (self._talk.ask("Address", default) if self._talk.asks else default)
            try:
                return _url_of(text)
            except ValueError as error:
                if not self._talk.asks:
                    raise Unanswered(f"--server: {error}") from None
                self._talk.say(f"{text!r}: {error}", 2)
                given = None

    def _usual(self) -> str:
        """Look at the usual addresses; returns the first that answers."""
        if not self._given.is_tried:
            return ""
        self._talk.wait("looking for it at the usual addresses")
        found = first_start.find_servers()
        for one in found:
            self._talk.say(f"{one.name} answers at {one.url}", 2)
        if not found:
            self._talk.say("Nothing answers at the usual addresses (localhost:5055 and so on).", 2)
        self._talk.say(_HOW_TO_NAME_IT, 2, only_asking=True)
        return found[0].url if found else ""

    def _answering_at(self, url: str) -> str | None:
        """Say what answers at *url*, and give its address; None: another one is wanted."""
        if not self._given.is_tried or url == SANDBOX:
            return url
        self._talk.wait("asking who is there")
        try:
            found = first_start.look_at_server(url, self._given.ca_file)
        except _FAILURES as error:
            if not self._talk.asks:
                raise
            self._talk.say(f"{error}", 2)
            where = urlsplit(url)
            if where.port is None:
                host = where.netloc.rpartition("@")[2]
                self._talk.say(f"The usual port is 5055: {where.scheme}://{host}:5055", 2)
            return None
        if found.url == url:
            self._talk.say(f"{found.name} answers.", 2)
        else:
            self._talk.say(f"{found.name} answers at {_shown(found.url)}: that is taken.", 2)
        return found.url

    def _key(self, url: str) -> TriedServer | None:
        """Ask for the key until the server takes it; None: another address is wanted."""
        given = self._given.key
        if url == SANDBOX:
            self._answers.key, key = None, SecretStr("")
            self._talk.wait("starting it")
            return first_start.try_server(url, key, None)
        if given is None and self._talk.asks:
            self._talk.say("Its API key is in its settings, under General.", 2)
        while True:
            chosen = given or self._typed_key()
            if chosen is None:
                return None
            self._talk.wait("trying the key")
            try:
                tried = first_start.try_server(url, chosen.value, self._given.ca_file)
            except _FAILURES as error:
                if not self._talk.asks:
                    raise
                self._talk.say(f"{error}", 2)
                given = None
                continue
            self._answers.key = chosen
            self._talk.say(f"{tried.name} accepts the key{chosen.origin}.", 2)
            return tried

    def _typed_key(self) -> GivenKey | None:
        if not self._talk.asks:
            raise Unanswered(
                "the server's API key is needed: set OVERSEERR_API_KEY, or use --key-env, "
                "--key-file or --key-stdin"
            )
        text = self._talk.ask_hidden("API key (it stays hidden; Enter alone: another address)")
        return GivenKey(SecretStr(text), None, "") if text else None

    # -- as whom --------------------------------------------------------------------------------

    def _user(self, tried: TriedServer | None) -> None:
        wanted = self._given.request_as
        if tried is None:
            self._answers.request_as = wanted
            return
        self._talk.head("2. As whom titles are requested")
        if tried.why_no_users:
            self._talk.say(f"Its users cannot be read: {tried.why_no_users}", 2)
        users = tried.users
        if wanted is None and (len(users) < 2 or not self._talk.asks):
            self._talk.say(f"As {tried.owner}, whose requests are approved at once.", 2)
            return
        if wanted is None:
            self._show_users(users)
        self._choose(users, None if wanted is None else str(wanted))

    def _show_users(self, users: Sequence[Actor]) -> None:
        self._talk.say("Their rights and their quota count.", 2)
        for user in users[:_MOST_USERS]:
            more = "  the owner: all is approved at once" if user.id == OWNER else ""
            self._talk.say(f"{user.id:>4}  {user.name}{more}", 2)
        if len(users) > _MOST_USERS:
            self._talk.say(f"and {len(users) - _MOST_USERS:,} more", 8)

    def _choose(self, users: Sequence[Actor], wanted: str | None) -> None:
        while True:
            text = wanted or self._talk.ask("User, by number or name", str(OWNER))
            found = [one for one in users if text in (str(one.id), one.name)]
            found = found or [one for one in users if text.casefold() == one.name.casefold()]
            if len(found) == 1 and self._is_fit(found[0]):
                self._answers.request_as = _called(found[0], users)
                return
            if len(found) != 1:
                self._complain(text, found or users, is_there=bool(found))
            wanted = None

    def _complain(self, text: str, users: Sequence[Actor], *, is_there: bool) -> None:
        names = ", ".join(f"{one.name} ({one.id})" for one in users[:_MOST_USERS])
        what = f"several users are called {text!r}" if is_there else f"there is no user {text!r}"
        why = f"{what}: take one of {names}"
        if not self._talk.asks:
            raise Unanswered(f"--request-as: {why}")
        self._talk.say(f"{why[0].upper()}{why[1:]}.", 2)

    def _is_fit(self, user: Actor) -> bool:
        kinds = " and ".join(_WORDS[kind] for kind in forbidden_kinds(user))
        if not kinds:
            return True
        self._talk.say(
            f"{user.name} may not request {kinds}. The permission is given at the server, in the "
            "settings of the user.",
            2,
        )
        return self._talk.agrees("Take this user all the same?", default=not self._talk.asks)

    # -- the lists ------------------------------------------------------------------------------

    def _lists(self) -> None:
        self._talk.head("3. The lists to follow")
        for text in self._given.lists:
            self._add_each(text)
        if not self._talk.asks or self._given.lists:
            return
        self._talk.say(
            "Paste the address of a list of IMDb, Letterboxd, Trakt, MDBList, TMDB, TheTVDB, "
            "AniList, MyAnimeList, Simkl, Plex or StevenLu, or the path of a file. "
            "Enter alone: that is all.",
            2,
        )
        while text := self._talk.ask("List"):
            self._add_each(text)
        if not self._answers.lists:
            self._talk.say("None for now: add them to the file, one a line.", 2)

    def _add_each(self, text: str) -> None:
        for one in pasted(text):
            self._add(one)

    def _add(self, text: str) -> None:
        try:
            entry = entry_of(text)
            if entry in self._answers.lists:
                self._talk.say("That one is there already.", 2)
            elif not self._given.is_tried or self._is_kept(entry):
                self._answers.lists.append(entry)
        except (ValueError, ConfigError) as error:
            problems = error.problems if isinstance(error, ConfigError) else ()
            why = "; ".join(one.what for one in problems) or str(error)
            if not self._talk.asks:
                raise Unanswered(f"--list {text}: {why}") from None
            self._talk.say(re.sub(r"^lists\[0\]\.\w+: ", "", why), 2)

    def _is_kept(self, entry: Mapping[str, str]) -> bool:
        """Read the list; one that cannot be read is kept only if that is wanted."""
        tried = self._try(entry)
        while tried.lacks_credential and self._got_credential(tried):
            tried = self._try(entry)
        self._talk.say(f"{tried.name}: {tried.words}", 2)
        if tried.is_read:
            return True
        if tried.advice:
            self._talk.say(f"What now: {tried.advice}", 4)
        return self._talk.agrees("Keep it all the same?", default=not self._talk.asks)

    def _try(self, entry: Mapping[str, str]) -> TriedList:
        self._talk.wait("reading it")
        try:
            return first_start.try_list(
                entry,
                self._server_section(),
                self._answers.credentials,
                self._environ,
                self._folder,
                self._state_dir,
            )
        finally:
            self._talk.done()

    def _server_section(self) -> dict[str, object]:
        """Say what the configuration will say of the server; lists may be read there."""
        answers, ca_file = self._answers, self._given.ca_file
        said = {"url": answers.url, "request_as": answers.request_as, "ca_file": ca_file}
        if answers.key is not None:
            said["api_key"] = answers.key.value.get_secret_value()
        return {key: str(value) for key, value in said.items() if value is not None}

    def _got_credential(self, tried: TriedList) -> bool:
        """Ask for what the service wants; False where it is there, or there is none."""
        known = self._answers.credentials
        if tried.service not in _CREDENTIALS or not self._talk.asks:
            return False
        key, where = _CREDENTIALS[tried.service]
        name = key.replace("_", " ").replace("api", "API")
        if tried.service in known:
            self._talk.say(f"{tried.name}: {tried.words}", 2)
            del known[tried.service]
        self._talk.say(f"To read it, {tried.service} wants your {name} ({where}).", 2)
        text = self._talk.ask_hidden(f"{name[0].upper()}{name[1:]} (hidden; Enter alone: without)")
        if text:
            known[tried.service] = {key: text}
        return bool(text)


def _url_of(text: str) -> str:
    """Read an address; one without http:// means that."""
    is_bare = text and text != SANDBOX and "://" not in text
    return parse_server_url(f"http://{text}" if is_bare else text)


def _shown(url: str) -> str:
    """Give an address without the login that may stand in it."""
    return Address.parse(url).base


def _called(user: Actor, users: Sequence[Actor]) -> str | int | None:
    """Say how a user is written: the owner not at all, others by name where that is clear."""
    if user.id == OWNER:
        return None
    names = [one.name.casefold() for one in users]
    is_clear = names.count(user.name.casefold()) == 1 and user.name != f"user {user.id}"
    return user.name if is_clear and not user.name.isdigit() else user.id


def key_of_environment(environ: Mapping[str, str]) -> GivenKey | None:
    """Take the key that the variable of the original tools holds, to be stored."""
    text = environ.get("OVERSEERR_API_KEY", "").strip()
    return GivenKey(SecretStr(text), None, " of OVERSEERR_API_KEY") if text else None
