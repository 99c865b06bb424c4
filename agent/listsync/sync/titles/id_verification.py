"""Does a title that an id leads to fit what the list says beside the id? Pure."""

from __future__ import annotations

from listsync.domain.server import Candidate
from listsync.sync.titles.evidence import Evidence, Sought, weigh
from listsync.sync.titles.similarity import Alike


def contradicts(wanted: Sought, candidate: Candidate) -> bool:
    """Tell whether title *and* year speak against *candidate*.

    One of them is not enough: the title may be a translation, the year a slip. What one side does
    not say speaks for nothing.
    """
    says_both = bool(wanted.titles[0]) and wanted.year is not None
    if not says_both or not candidate.title or candidate.year is None:
        return False
    evidence = weigh(wanted, candidate)
    return not (_has_its_title(evidence) or evidence.is_near(1))


def bears_out(wanted: Sought, candidate: Candidate) -> bool:
    """Tell whether the title, the kind and, as far as both sides say it, the year fit."""
    evidence = weigh(wanted, candidate)
    fits = evidence.objection is None and _has_its_title(evidence)
    return fits and (evidence.years_off is None or evidence.is_near(1))


def _has_its_title(evidence: Evidence) -> bool:
    return evidence.alike >= Alike.CLOSE and evidence.likeness.same_numbers
