"""The jobs of this room: each is one line around a verb."""

from jobs.work import Claim, handler


@handler("datasets.load")
def load(claim: Claim) -> dict:
    from . import intake

    return intake.load(claim)


@handler("datasets.undo")
def undo(claim: Claim) -> dict:
    from . import undo

    return undo.undo(claim)


@handler("datasets.compact")
def compact(claim: Claim) -> dict:
    from . import compaction

    return compaction.compact(claim)


@handler("datasets.quality")
def quality(claim: Claim) -> dict:
    from . import quality

    return quality.run(claim)
