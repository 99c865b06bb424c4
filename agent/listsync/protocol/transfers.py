"""What the commands about copies, scans and webhooks take and reply; see `messages`."""

from typing import Annotated, TypedDict

from listsync.protocol.job_shapes import (
    AttemptShape,
    JobShape,
    MappingShape,
    ScanShape,
    WebhookShape,
)
from listsync.protocol.job_words import KINDS, SCAN_STATES, STATES
from listsync.protocol.messages import LARGEST_OFFSET, About, DoneReply, PageParams, PageReply

LONGEST_BACK_S = 3650 * 86400
"""Ten years."""


class JobsParams(PageParams, total=False):
    id: Annotated[int, About("one job, in detail", least=1, most=LARGEST_OFFSET)]
    state: Annotated[list[str], About(f"only jobs in one of these states: {', '.join(STATES)}")]
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
    state: Annotated[
        list[str], About(f"only scans in one of these states: {', '.join(SCAN_STATES)}")
    ]


class ScanParams(TypedDict):
    id: Annotated[int, About("the scan", least=1, most=LARGEST_OFFSET)]


class WebhooksParams(PageParams, total=False):
    job: Annotated[int, About("only those that requested this job", least=1, most=LARGEST_OFFSET)]


class MappingParams(TypedDict, total=False):
    path: Annotated[str, About("as Radarr or Sonarr sees it; none: that of the last webhook")]
    instance: Annotated[str, About("as if this Radarr or Sonarr had told of it")]


class JobsReply(PageReply):
    """*active*: how many are copied now or will be soon, whichever are asked for."""

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


class MappingReply(TypedDict):
    """How a path is mapped: each mapping in the order in which they are tried.

    *event* and *at* are of the webhook, where no path was given; *instances* what its sender is
    called. Where the path has no place, *source* is null and *why* and *advice* say more.
    """

    path: str
    instances: list[str]
    event: str | None
    at: str | None
    mappings: list[MappingShape]
    source: str | None
    destination: str | None
    media_server: str | None
    why: str
    advice: str
