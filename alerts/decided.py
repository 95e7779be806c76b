"""Who asked for a change of closed rows, or of which periods are closed, hears what the second person said."""

from datetime import datetime

from datasets.models import Closing, Restatement
from organization.access import VIEW, holders

from .notify import tell


def tell_who_asked(asked: Closing | Restatement, now: datetime) -> None:
    """Once, with the remark. One who has rows of a unit below the dataset's alone is told as well."""
    if isinstance(asked, Closing):
        word, person, link = "closing", asked.proposed_by, asked.get_absolute_url()
    else:
        word, person, link = "restatement", asked.asked_by, asked.upload.get_absolute_url()
    unit, remark = asked.dataset.unit, asked.remark
    tell(
        [person],
        key=f"datasets:{word}:{asked.pk}:{asked.state}",
        kind=f"dataset.{word}_{asked.state}",
        subject=f"{asked.get_state_display()}: {asked.wish} ({asked.dataset.name})",
        text=f"{asked.decided_by}: {remark}" if remark else f"By {asked.decided_by}.",
        link=link,
        unit=unit if person.pk in holders(VIEW, unit, now.date()) else None,
        now=now,
    )
