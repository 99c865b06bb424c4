"""A person at the dashboard of a real agent, in a real browser, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.acceptance.agent_process import AgentProcess, replace_file, requested, until
from tests.acceptance.conftest import Home
from tests.chromium import Chromium

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
StartAgent = Callable[..., AgentProcess]
_VILLENEUVE = 438631


@dataclass
class House:
    """An agent with HTTP open, of whose two lists one title is not certain."""

    home: Home
    start: StartAgent
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_with_http(self) -> AgentProcess:
        agent = self.start(self.home)
        until("HTTP is open", lambda: "http-token" in str(agent.status["services"]))
        return agent

    @property
    def token(self) -> str:
        return (self.home.state / "http-token").read_text(encoding="ascii").strip()

    @property
    def config(self) -> str:
        return (self.home.folder / "listsync.yaml").read_text(encoding="utf-8")

    def rewrite(self, text: str) -> None:
        replace_file(self.home.folder / "listsync.yaml", text)


@pytest.fixture
def house(home: Home, start_agent: StartAgent, port: int) -> House:
    lists = [
        home.write_list("films.csv", "title,kind\nDune,movie\n"),
        home.write_list("more.csv", "kind,tmdb_id,title\nmovie,603,The Matrix\n"),
    ]
    home.write_config(lists, sync={"every": 0}, http={"listen": f"127.0.0.1:{port}"})
    return House(home, start_agent, port)


def test_a_person_sees_all_happen_without_loading_a_page(house: House, chromium: Chromium) -> None:
    agent = house.start_with_http()
    chromium.size(1200, 900)
    chromium.log_in(house.url, house.token)
    chromium.until("No list has been read yet.", "#live")
    chromium.press("Sync Now")
    chromium.until("Sync started.", "#said")
    chromium.until("1 thing needs you.", "#live")
    chromium.until("1 requested", "#live")
    chromium.until_gone("Not read yet", "#lists")
    _review(chromium, house)
    _pause(chromium, agent)
    _break_and_mend(chromium, house)
    _lose_and_find(chromium, house, agent)


def _review(chromium: Chromium, house: House) -> None:
    chromium.open(f"{house.url}/ui/review")
    chromium.one(f"button[value='movie/{_VILLENEUVE}']").click()
    chromium.until("Dune is Dune (2021)")
    chromium.press("Undo")
    chromium.until("Undecided")
    chromium.open(f"{house.url}/ui/review")
    chromium.one("input[name=choice]").send_keys("nonsense\n")
    chromium.until("says no title", "#said")
    chromium.one("input[name=choice]").clear()
    chromium.one("input[name=choice]").send_keys(f"movie/{_VILLENEUVE}\n")
    chromium.until("Decided")
    chromium.open(house.url)
    chromium.press("Sync Now")
    chromium.until("All 2 lists were read, nothing needs you.", "#live")
    until("it is requested", lambda: requested(house.home) == [603, _VILLENEUVE])
    chromium.open(f"{house.url}/ui/items")
    chromium.one("#q").send_keys("dun")
    chromium.until_gone("The Matrix", "#found")
    chromium.until("Requested", "#found")


def _pause(chromium: Chromium, agent: AgentProcess) -> None:
    chromium.one(".brand").click()
    chromium.until("nothing needs you", "#live")
    chromium.press("Pause")
    chromium.until("Nothing is synced until you resume.", "#live")
    assert agent.status["paused"]
    chromium.press("Resume")
    chromium.until("Resumed.", "#said")
    chromium.until_gone("until you resume", "#live")
    assert not agent.status["paused"]


def _break_and_mend(chromium: Chromium, house: House) -> None:
    whole = house.config
    house.rewrite(whole.replace('"every": 0', '"every": "soon"'))
    chromium.until("The configuration has a mistake.", "#live")
    chromium.open(f"{house.url}/ui/settings")
    chromium.until("listsync.yaml:1:")
    assert house.home.sandbox.api_key not in chromium.source
    chromium.open(house.url)
    house.rewrite(whole)
    chromium.until("nothing needs you", "#live")


def _lose_and_find(chromium: Chromium, house: House, agent: AgentProcess) -> None:
    said = chromium.complaints()
    assert [one for one in said if "/ui/review" not in one] == []  # the nonsense was refused
    agent.terminate()
    chromium.until("The agent does not answer.", "#lost")
    house.start_with_http()
    chromium.until_gone("The agent does not answer.", "#lost")
    chromium.press("Sync Now")
    chromium.until("Sync started.", "#said")
    chromium.complaints()


def test_all_of_it_works_without_javascript(house: House, chromium: Chromium) -> None:
    agent = house.start_with_http()
    with chromium.without_scripts():
        chromium.log_in(house.url, house.token)
        chromium.press("Sync Now")
        chromium.until("Sync started.")
        agent.until_synced(1)
        chromium.open(house.url)
        chromium.until("1 thing needs you.")
        chromium.one(".notice a").click()
        chromium.one(f"button[value='movie/{_VILLENEUVE}']").click()
        chromium.until("Decided: the next sync goes by it.")
        chromium.one(".brand").click()
        chromium.press("Pause")
        chromium.until("Nothing is synced until you resume.")
        chromium.press("Resume")
        chromium.until("Resumed.")
        chromium.press("Sync Now")
        until("it is requested", lambda: requested(house.home) == [603, _VILLENEUVE])
        chromium.press("Log out")
        chromium.until("Log in")
