"""Where the sandbox is meant to answer otherwise than the real servers did, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.contract.transcripts.comparison import Difference
from tests.contract.transcripts.transcript import PRODUCTS, Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A difference that is meant: at which calls of which transcripts, and at which places."""

    reason: str
    calls: tuple[int, ...]
    places: str
    products: tuple[str, ...] = PRODUCTS

    def covers(self, product: str, call: Call, difference: Difference) -> bool:
        is_here = product in self.products and call.number in self.calls
        return is_here and re.fullmatch(self.places, difference.place) is not None


_NOT_SENT = r".*/(serviceId|externalServiceId|externalServiceSlug|serviceUrl)(4k)?"

MEANT = (
    Meant(
        reason="The recorded server had no media server (4); the sandbox has a Jellyfin (2).",
        products=("seerr",),
        calls=(3, 11),
        places="/mediaServerType",
    ),
    Meant(
        reason="Both servers were recorded with one settings file, which is Seerr's.",
        products=("overseerr",),
        calls=(3, 11),
        places="/applicationTitle|/mediaServerType",
    ),
    Meant(
        reason="The recording's TMDB knew a person whom its first line does not tell of.",
        calls=(41,),
        places="/results/0|/totalResults",
    ),
    Meant(
        reason="The recording's TMDB had 600 fillers ('The ...') that its first line leaves out.",
        calls=(43,),
        places="/totalResults|/totalPages",
    ),
    Meant(
        reason="What has no date is planned; the recording's TMDB calls everything released.",
        calls=(65,),
        places="/status",
    ),
    Meant(
        reason="The next call came before Radarr had answered; the sandbox's answers at once.",
        calls=(68, 69, 94, 96),
        places=_NOT_SENT,
    ),
    Meant(
        reason="The same, for a request that Overseerr alone takes: Seerr has it blocklisted.",
        products=("overseerr",),
        calls=(165, 166),
        places=_NOT_SENT,
    ),
    Meant(
        reason="The recorded Sonarr was set up without a language profile, the sandbox's with.",
        products=("overseerr",),
        calls=(159, 160),
        places=r"/(\d|server)/activeLanguageProfileId",
    ),
)
