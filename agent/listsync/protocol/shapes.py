"""The rows and parts of replies; for type checkers only.

All times are ISO 8601 in UTC. What is `NotRequired` came later than the rest, or is there in some
cases only.
"""

from typing import NotRequired, TypedDict


class NoticeShape(TypedDict):
    kind: str
    text: str
    list: str | None
    since: str | None
    needs_person: bool
    severity: NotRequired[str]
    subject: NotRequired[str | None]


class NoticeRecordShape(NoticeShape):
    """`ended_at` is None while it is open; `run_id` is the run that said it last."""

    ended_at: str | None
    run_id: str | None


class RunShape(TypedDict):
    run_id: str
    origin: str
    dry_run: bool
    started_at: str
    ended_at: str | None
    result: str | None
    why: str
    message: str
    requested: int
    calls: int
    counts: NotRequired[dict[str, int]]


class RequestShape(TypedDict):
    """One request; *run_id* and *detail* only where it is not told with its run."""

    title: str
    kind: str
    tmdb_id: int
    seasons: str
    four_k: bool
    answer: str
    lists: str
    requested_as: str | None
    at: str
    run_id: NotRequired[str]
    detail: NotRequired[str]


class ListProgressShape(TypedDict):
    name: str
    state: str
    read: int
    done: int
    total: int


class LastResultShape(TypedDict):
    success: bool
    message: str


class PendingKeyShape(TypedDict):
    """A key of the configuration that has not taken force."""

    key: str
    why: str
    needs_restart: bool


class ServiceShape(TypedDict):
    """A part of the agent that runs for long."""

    name: str
    state: str
    since: str | None
    why: str
    next_try: str | None
    vital: bool
    address: NotRequired[str]
    note: NotRequired[str]


class ConfigShape(TypedDict):
    file: str
    valid: bool
    problems: list[str]
    loaded_at: str | None
    pending: NotRequired[list[PendingKeyShape]]


class SettingShape(TypedDict):
    """A key and its *value* as in the file; None: nothing, or what is *secret*.

    *origin* is the file, a variable or the command line; None: nobody set it, it is the default.
    """

    path: str
    value: str | None
    origin: str | None
    secret: bool


class QuotaShape(TypedDict):
    """How many films, or seasons, are left to a user; *user* None: as whom the agent acts."""

    user: str | None
    kind: str
    limit: int
    remaining: int
    days: int | None


class ServerShape(TypedDict):
    """*quotas*, where there are any, as the last run left them."""

    product: str
    version: str
    url: str
    quotas: NotRequired[list[QuotaShape]]


class PendingShape(TypedDict):
    """*lists* None: all. *more_origins*: how many came after those that are kept."""

    run_id: str
    lists: list[str] | None
    origins: list[str]
    more_origins: NotRequired[int]


class RetryShape(TypedDict):
    at: str | None
    why: str
    lists: list[str] | None
    number: int


class ListShape(TypedDict):
    name: str
    service: str
    source: str
    exclude: bool
    outcome: str
    read: int
    declared: int | None
    last_try: str | None
    last_success: str | None
    failures: int
    next_due: str | None
    retry_at: str | None
    why: str
    advice: str
    notices: list[NoticeShape]


class FeedShape(TypedDict):
    """How many titles each form of a list's feed has; what is in none of them, by the reason."""

    radarr: int
    sonarr: int
    stevenlu: int
    left_out: dict[str, int]
    read_at: str | None
    changed_at: str | None


class ItemShape(TypedDict):
    title: str
    kind: str | None
    tmdb_id: int | None
    list: str
    status: str
    excluded_by: str | None
    at: str | None
    list_on_hold: str | None
    brought_by: str | None
    requested_as: str | None
    requested_at: str | None
    run_id: str | None
    year: int | None
    imdb_id: str | None
    tvdb_id: int | None


class CandidateShape(TypedDict):
    number: int
    key: str
    title: str
    original_title: NotRequired[str]
    year: int | None
    countries: NotRequired[list[str]]
    votes: NotRequired[int | None]
    evidence: str


class ChoiceShape(TypedDict):
    key: str | None
    imdb_id: NotRequired[str | None]
    title: str
    at: str | None


class DecisionShape(TypedDict):
    verdict: str
    why: str
    conditions: list[str]


class OnListShape(TypedDict):
    list: str
    label: str
    rank: int
    since: str | None
    followed: bool
    exclude: bool
    outcome: str
    last_success: str | None
    why: str
    handled_at: str | None


class MatchShape(TypedDict):
    found: str
    how: str
    key: str | None
    title: str
    score: float
    why: str
    candidates: list[CandidateShape]
    at: str | None
    again_at: str | None
    review_id: str | None


class AtServerShape(TypedDict):
    status: str
    status_4k: str
    requested_since: bool


class RequestsShape(TypedDict):
    """The latest requests of a title; *more_requests* before them, from *requests_next* on."""

    requests: list[RequestShape]
    more_requests: NotRequired[int]
    requests_next: NotRequired[str | None]


class TitleShape(RequestsShape):
    """One title explained. *more_lists*: how many lists hold it beside those of `lists`."""

    title: str
    kind: str | None
    tmdb_id: int | None
    four_k: bool
    decision: DecisionShape
    lists: list[OnListShape]
    more_lists: int
    match: MatchShape | None
    choice: ChoiceShape | None
    server: AtServerShape | None


class ReviewShape(TypedDict):
    id: str
    title: str
    lists: str
    since: str | None
    score: float
    why: str
    candidates: list[CandidateShape]
    choice: ChoiceShape | None
    lookup: str


class AskingShape(TypedDict, total=False):
    """What differs from the usual in how a title is requested."""

    user: str
    approve: bool
    service: str
    profile: str
    root_folder: str
    language_profile: str
    tags: list[str]


class PlannedShape(TypedDict):
    verdict: str
    label: str
    kind: str | None
    tmdb_id: int | None
    title: str
    lists: str
    why: str
    candidates: list[str]
    more_candidates: NotRequired[int]
    four_k: NotRequired[bool]
    seasons: NotRequired[list[int]]
    asking: NotRequired[AskingShape]


class CountsShape(TypedDict):
    """Requests: *available* of those *requested* are by now, *existing* were there before."""

    requested: int
    movies: int
    series: int
    available: int
    existing: int
    failed: int
    cancelled: int


class PeriodShape(CountsShape):
    name: str
    since: str | None


class DayCountsShape(TypedDict):
    day: str
    requested: int
    available: int


class TotalsShape(TypedDict):
    """Requested today, in 7 days, in 30 and ever; of all ever *available* and *failed*."""

    service: str | None
    today: int
    days_7: int
    days_30: int
    total: int
    available: int
    failed: int


class ListTotalsShape(TotalsShape):
    """Of a list, by the name that it had then; *service* None: it is not known any more."""

    list: str
    is_followed: bool


class ParameterShape(TypedDict):
    """A parameter of a command; *schema* is JSON Schema."""

    name: str
    required: bool
    about: str
    schema: dict[str, object]


class CommandShape(TypedDict):
    """A command: *access* is `read` or `control`, *pages* whether its replies come in pages.

    *reasons* are those for which it may be refused; *reply* is JSON Schema.
    """

    name: str
    access: str
    summary: str
    parameters: list[ParameterShape]
    pages: bool
    reasons: list[str]
    reply: dict[str, object]
