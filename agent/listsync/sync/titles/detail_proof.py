"""Reads the details that can prove a title to be the one, within the calls that are left."""

from __future__ import annotations

from dataclasses import replace

from listsync.domain.media import MediaType
from listsync.domain.sync_records import Found, Match
from listsync.sync.titles.detail_claims import Claim, Proof, Proven, claim_of, proven
from listsync.sync.titles.evidence import BEST_SCORE, Sought
from listsync.sync.titles.lookups import Budget, Lookups
from listsync.sync.titles.search_strategy import Offered

_KEPT = 5


class Prover:
    """Settles by their details what titles leave open; for one wish, each claim once."""

    def __init__(self, wanted: Sought, budget: Budget, lookups: Lookups) -> None:
        self._wanted = wanted
        self._budget = budget
        self._lookups = lookups
        self._unproven: list[Claim] = []

    def settle(self, match: Match, offered: Offered) -> Match:
        """Accept what its details prove; else say beside *match* what they lack."""
        if match.found is Found.FOUND:
            return match
        claim = claim_of(
            self._wanted,
            offered.candidates.values(),
            is_complete=offered.was_wide and offered.is_complete,
        )
        if claim is not None and self._is_new(claim) and self._can_pay(claim):
            found = self._proven(claim)
            if found is not None:
                return _accepted(match, found)
            self._unproven.append(claim)
        for one in self._unproven:
            match = _with_what_is_missing(match, one)
        return match

    def _is_new(self, claim: Claim) -> bool:
        return all((claim.key, claim.proof) != (one.key, one.proof) for one in self._unproven)

    def _can_pay(self, claim: Claim) -> bool:
        """Tell whether the calls suffice; a series takes one more, for its seasons."""
        seasons = 1 if claim.key.kind is MediaType.TV else 0
        return self._budget.left >= claim.calls + seasons

    def _proven(self, claim: Claim) -> Proven | None:
        self._budget.left -= 1
        production = self._lookups.production(claim.key)
        if claim.proof is not Proof.COLLECTION or production.collection is None:
            return proven(claim, production)
        self._budget.left -= 1
        return proven(claim, production, self._lookups.parts(production.collection))


def _with_what_is_missing(match: Match, claim: Claim) -> Match:
    """Say it beside the candidate, which is shown whatever else is."""
    said = claim.evidence.words()
    reasons = match.reasons if said in match.reasons else (*match.reasons, said)
    candidate = claim.evidence.candidate
    is_shown = any(one.key == candidate.key for one in match.candidates)
    return replace(
        match,
        reasons=tuple(f"{one}; {claim.missing}" if one == said else one for one in reasons),
        candidates=match.candidates if is_shown else (*match.candidates, candidate),
    )


def _accepted(match: Match, found: Proven) -> Match:
    """Take what is proven: as certain as the same title of the same year."""
    candidate = found.evidence.candidate
    mark = f"[{candidate.key}]: "
    others = [one for one in match.candidates if one.key != candidate.key]
    said = [reason for reason in match.reasons if "]: " in reason and mark not in reason]
    return replace(
        match,
        found=Found.FOUND,
        key=candidate.key,
        title=candidate.label,
        score=BEST_SCORE,
        reasons=(
            f"its details confirm it: {found.evidence.words()}; {found.words}",
            *(f"not {reason}" for reason in said[: _KEPT - 1]),
        ),
        candidates=(candidate, *others[: _KEPT - 1]),
    )
