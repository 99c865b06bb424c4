"""What the commands about copies, scans and webhooks take and reply; see `messages`."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from listsync.protocol.messages import LARGEST_OFFSET, About, DoneReply, PageParams, PageReply

LONGEST_BACK_S = 3650 * 86400
"""Ten years."""
STATES = (
    "queued",
    "running",
    "retry_wait",
    "blocked",
    "succeeded",
    "skipped",
    "needs_attention",
    "cancelled",
)
"""Of jobs; `retry_wait` is tried again by itself, `blocked` waits for a mount or for room."""
FAILED_STATES = ("retry_wait", "needs_attention")
KINDS = ("movie", "episode", "manual")
SCAN_STATES = (
    "waiting",
    "sent",
    "shown",
    "not_shown",
    "unverified",
    "needs_attention",
    "cancelled",
)


class CopyProgressShape(TypedDict):
    """How far a running copy is: bytes, and bytes a second. It is told of all *jobs* together."""

    jobs: list[int]
    done: int
    total: int
    percent: float
    rate: int
    eta_s: int | None


class JobShape(TypedDict):
    """One copy. `attempts` are those that count; `bytes` were copied, `events` asked for it.

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

    *needs_attention* were given up and wait for a person.
    """

    waiting: int
    running: int
    blocked: int
    needs_attention: int
    progress: list[CopyProgressShape]
    roots: list[RootShape]


class JobsParams(PageParams, total=False):
    id: Annotated[int, About("one job, in detail", least=1, most=LARGEST_OFFSET)]
    state: Annotated[str, About(f"only jobs in this state: {', '.join(STATES)}")]
    kind: Annotated[str, About(f"only jobs of this kind: {', '.join(KINDS)}")]
    failed: Annotated[bool, About("only what failed: what is tried again, and what needs you")]


class JobParams(TypedDict):
    id: Annotated[int, About("the job", least=1, most=LARGEST_OFFSET)]


class RetryFailedParams(TypedDict, total=False):
    since_s: Annotated[
        float,
        About("what failed in so many seconds; none: 86400", more_than=0, most=LONGEST_BACK_S),
    ]


class ScansParams(PageParams, total=False):
    state: Annotated[str, About(f"only scans in this state: {', '.join(SCAN_STATES)}")]


class ScanParams(TypedDict):
    id: Annotated[int, About("the scan", least=1, most=LARGEST_OFFSET)]


class WebhooksParams(PageParams, total=False):
    job: Annotated[int, About("only those that asked for this job", least=1, most=LARGEST_OFFSET)]


class JobsReply(PageReply):
    """*active*: jobs that are copied now, or wait."""

    jobs: list[JobShape]
    active: int


class JobReply(TypedDict):
    """One job, with all its attempts; of the webhooks and scans the latest."""

    job: JobShape
    attempts: list[AttemptShape]
    webhooks: list[WebhookShape]
    scans: list[ScanShape]


class JobsRetryReply(DoneReply):
    """*jobs* that are queued anew."""

    jobs: list[int]


class ScansReply(PageReply):
    scans: list[ScanShape]


class WebhooksReply(PageReply):
    webhooks: list[WebhookShape]
