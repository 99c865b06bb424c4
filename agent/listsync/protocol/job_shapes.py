"""The rows and parts of replies about copies, scans and webhooks; see `shapes`."""

from typing import NotRequired, TypedDict


class CopyProgressShape(TypedDict):
    """How far a running copy is: bytes, and bytes a second. It is told of all *jobs* together."""

    jobs: list[int]
    done: int
    total: int
    percent: float
    rate: int
    eta_s: int | None


class JobShape(TypedDict):
    """One copy. `attempts` are those that count; `bytes` were copied, `events` requested it.

    `next_at` is when it is tried, where it waits; `blocked_on` what it waits for.
    """

    id: int
    state: str
    kind: str
    title: str
    quality: str
    app: str
    instance: str
    source: str
    destination: str
    size: int | None
    is_upgrade: bool
    events: int
    attempts: int
    created_at: str
    next_at: str | None
    started_at: str | None
    ended_at: str | None
    bytes: int
    seconds: float
    failure: str | None
    why: str
    blocked_on: str
    progress: NotRequired[CopyProgressShape]


class AttemptShape(TypedDict):
    """One try; `exit_code` is rsync's, `errors` the end of what it said."""

    number: int
    started_at: str
    ended_at: str | None
    exit_code: int | None
    failure: str | None
    bytes: int
    why: str
    errors: str


class ScanShape(TypedDict):
    """One folder at one media server; `due_at` is None when nothing is to come."""

    id: int
    server: str
    folder: str
    state: str
    due_at: str | None
    sent_at: str | None
    tries: int
    why: str


class WebhookShape(TypedDict):
    """A webhook: `outcome` is what became of it, `why` why nothing did; `jobs` are its copies."""

    id: int
    at: str
    app: str
    instance: str
    event: str
    outcome: str
    why: str
    path: str
    jobs: list[int]


class RootShape(TypedDict):
    """A mapped folder as it was found last."""

    path: str
    is_healthy: bool
    why: str
    free_bytes: int | None
    checked_at: str | None
    since: str | None


class TransfersShape(TypedDict):
    """Copies in short: how many are in each state that is not over, and how their folders are.

    *needs_attention* were given up and wait for a person. Counts of 24 hours are of those that
    ended in them, or failed.
    """

    waiting: int
    running: int
    blocked: int
    needs_attention: int
    succeeded_24h: int
    failed_24h: int
    dry_run: bool
    progress: list[CopyProgressShape]
    roots: list[RootShape]


class TransferPeriodShape(TypedDict):
    """Copies that ended in a time: `copied` are there, `failed` are tried again or were given up.

    `movies` and `episodes` count those that are there, `bytes` what was copied.
    """

    name: str
    since: str | None
    copied: int
    movies: int
    episodes: int
    failed: int
    bytes: int


class MappingShape(TypedDict):
    """A library that is mapped; *number* counts from 0, as in the configuration.

    *sender* is its path as Radarr or Sonarr sees it. *why* says why it is taken, or not.
    """

    number: int
    sender: str
    source: str
    destination: str | None
    media_server: str
    instance: str
    is_taken: bool
    why: str
