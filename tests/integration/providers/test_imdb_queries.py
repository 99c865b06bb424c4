"""What becomes of a question that IMDb's service does not take as it is."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, field

import httpx
import pytest

from listsync.domain.lists import ListOutcome
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.providers.imdb.queries import MissingFields
from listsync.providers.imdb.reader import Imdb
from listsync.providers.imdb.source import ImdbOptions, parse
from tests.contract.providers.site import Site, answer, client
from tests.integration.providers.test_imdb import LIST, imdb, listed, saying, titled

SPARE = ("lastModifiedDate", "listType", "originalTitleText", "releaseYear")


def query_of(request: httpx.Request) -> str:
    query: str = json.loads(request.content)["query"]
    return query


def refusing(*messages: str, code: str = "GRAPHQL_VALIDATION_FAILED") -> dict[str, object]:
    return {"errors": [{"message": one, "extensions": {"code": code}} for one in messages]}


@dataclass
class Schema:
    """A service whose schema lacks the fields *gone*; it names them all, or one at a time."""

    gone: tuple[str, ...]
    status: int = 400
    one_by_one: bool = False
    words: str = 'Cannot query field "{}" on type "Title".'
    seen: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = query_of(request)
        self.seen.append(query)
        named = [name for name in self.gone if re.search(rf"\b{name}\b", query)]
        if not named:
            return answer(json.dumps(listed([titled(1), titled(2)], 2)).encode())
        told = named[:1] if self.one_by_one else named
        refused = refusing(*map(self.words.format, told))
        return answer(json.dumps(refused).encode(), self.status)


def reader(schema: Schema, missing: MissingFields) -> Imdb:
    options = ImdbOptions()
    return Imdb(parse(LIST), options, client(options, schema), missing)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("name", SPARE)
def test_a_field_that_is_not_known_costs_that_field_and_not_the_list(
    name: str, status: int
) -> None:
    schema = Schema((name,), status)
    fetched = reader(schema, MissingFields()).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 2)
    assert [name in query for query in schema.seen] == [True, False]
    assert schema.seen[1].count("{") == schema.seen[1].count("}")


@pytest.mark.parametrize(("one_by_one", "questions"), [(False, 2), (True, 5)])
def test_all_that_can_be_spared_may_be_missing_at_once(
    *, one_by_one: bool, questions: int
) -> None:
    schema = Schema(SPARE, one_by_one=one_by_one)
    assert reader(schema, MissingFields()).fetch(None).read == 2
    assert len(schema.seen) == questions


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("year", 'Cannot query field "{}" on type "YearRange". Did you mean "years"?'),
        ("originalTitleText", "Field '{}' in type 'Title' is undefined"),
        ("lastModifiedDate", 'Field "{}" of type "Date" must have a selection of subfields.'),
    ],
)
def test_a_field_is_found_in_other_words_too(gone: str, words: str) -> None:
    assert reader(Schema((gone,), words=words), MissingFields()).fetch(None).read == 2


def test_what_is_missing_is_remembered_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    missing, schema = MissingFields(), Schema(("originalTitleText",))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            reader(schema, missing).fetch(None)
    assert len(schema.seen) == 4
    said = [one.message for one in caplog.records if one.levelno == logging.WARNING]
    assert len(said) == 1
    assert said[0].startswith("imdb: does not know originalTitleText any more")


@pytest.mark.parametrize("gone", [("titleType",), ("titleText", "releaseYear"), ("id",)])
def test_without_a_vital_field_the_service_has_changed_and_its_words_are_told(
    gone: tuple[str, ...],
) -> None:
    schema, missing = Schema(gone), MissingFields()
    with pytest.raises(ResponseChangedError, match=f'Cannot query field "{gone[0]}"'):
        reader(schema, missing).fetch(None)
    assert len(schema.seen) == 1
    assert missing.left_out_of("releaseYear { year } ") == "releaseYear { year } "


def test_a_field_that_was_not_asked_for_is_not_asked_for_again_and_again() -> None:
    site = saying(refusing('Cannot query field "colour" on type "Title".'))
    with pytest.raises(ResponseChangedError, match="colour"):
        imdb(site).fetch(None)
    assert len(site.seen) == 1


def test_a_service_that_names_a_field_for_ever_is_not_asked_for_ever() -> None:
    site = saying(refusing('Cannot query field "releaseYear" on type "Title".'))
    options = ImdbOptions()
    with pytest.raises(ResponseChangedError, match="releaseYear"):
        Imdb(parse(LIST), options, client(options, site), MissingFields()).fetch(None)
    assert len(site.seen) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"message": 'Variable "$id" got\u202e\n an invalid value.'}]},
        {"errors": ['Variable "$id" got an invalid value.']},
        {"message": 'Variable "$id" got an invalid value.'},
    ],
)
def test_the_words_of_a_400_are_told_in_one_line(body: dict[str, object]) -> None:
    site = Site.of({"/": answer(json.dumps(body).encode(), 400)})
    with pytest.raises(ResponseChangedError) as caught:
        imdb(site, "top").fetch(None)
    assert caught.value.why == 'says: Variable "$id" got an invalid value. (HTTP 400)'


@pytest.mark.parametrize("body", [b"", b'Bad "errors" Request', b'{"errors": []}', b"[]"])
def test_a_400_without_words_is_one_of_the_status(body: bytes) -> None:
    site = Site.of({"/": answer(body, 400, "text/plain")})
    with pytest.raises(ResponseChangedError, match="answers HTTP 400"):
        imdb(site, "top").fetch(None)


def test_long_words_are_cut() -> None:
    site = Site.of({"/": answer(json.dumps(refusing("x" * 9000)).encode(), 400)})
    with pytest.raises(ResponseChangedError) as caught:
        imdb(site, "top").fetch(None)
    assert len(caught.value.why) < 300


def people_of(site: Site, value: str = LIST) -> str:
    with pytest.raises(RefusedError) as caught:
        imdb(site, value).fetch(None)
    assert caught.value.kind is Refusal.NOT_FOUND
    return caught.value.why


PERSON = {"id": "nm0000001", "titleText": None}
PEOPLE = {"id": "PEOPLE"}
OF_PEOPLE = f"{LIST} is a list of people, not of titles"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(listed([], 0, listType=PEOPLE), id="no-titles"),
        pytest.param(listed([], 3, listType=PEOPLE), id="a-count"),
        pytest.param(listed([None, None, None], 3, listType=PEOPLE), id="null-rows"),
        pytest.param(listed([PERSON], 1, listType=PEOPLE), id="people"),
        pytest.param(listed([PERSON, PERSON], 2), id="people-without-a-type"),
        pytest.param(
            {"data": {"list": {"listType": PEOPLE, "titleListItemSearch": None}}}, id="null"
        ),
    ],
)
def test_a_list_of_people_is_told_as_that(content: object) -> None:
    assert people_of(saying(content)) == OF_PEOPLE


def test_a_list_of_people_that_is_refused_in_unknown_words_is_told_as_that() -> None:
    refused = refusing("List is not of the right kind.", code="BAD_USER_INPUT")
    site = saying(refused, {"data": {"list": {"listType": PEOPLE}}})
    assert people_of(site) == OF_PEOPLE
    assert len(site.seen) == 2


@pytest.mark.parametrize(
    "second",
    [
        {"data": {"list": {"listType": {"id": "TITLES"}}}},
        {"data": {"list": None}},
        refusing("No."),
    ],
)
def test_where_the_kind_of_list_explains_nothing_the_words_are_told(second: object) -> None:
    site = saying(refusing("List is odd.", code="BAD_USER_INPUT"), second)
    with pytest.raises(ResponseChangedError, match=r"says: List is odd\."):
        imdb(site).fetch(None)
    assert len(site.seen) == 2


def test_a_list_of_another_kind_is_told_by_its_name() -> None:
    site = saying(listed([], 0, listType={"id": "VIDEO_CLIPS"}))
    assert people_of(site) == f"{LIST} is a list of video clips, not of titles"


def test_titles_of_a_list_whose_type_is_not_known_are_read() -> None:
    site = saying(listed([titled(1)], 1, listType={"id": "MIXED"}))
    assert imdb(site).fetch(None).read == 1


def test_a_person_among_titles_is_left_out_alone() -> None:
    fetched = imdb(saying(listed([titled(1), PERSON], 2))).fetch(None)
    assert (len(fetched.entries), [one.why for one in fetched.skipped]) == (1, ["a person"])


def test_only_a_list_is_asked_for_its_kind() -> None:
    site = saying(refusing("No.", code="BAD_USER_INPUT"))
    with pytest.raises(ListsyncError, match=r"says: No\."):
        imdb(site, "ur99000001").fetch(None)
    assert len(site.seen) == 1


def test_an_error_of_the_list_behind_many_of_its_rows_is_not_overlooked() -> None:
    rows = [{"message": "x", "path": ["list", "titleListItemSearch", "edges", 0]}] * 300
    errors = [*rows, {"message": "x", "extensions": {"code": "FORBIDDEN"}}]
    with pytest.raises(RefusedError) as caught:
        imdb(saying({**listed([titled(1)], 1), "errors": errors})).fetch(None)
    assert caught.value.kind is Refusal.PRIVATE
