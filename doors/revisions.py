"""What somebody looked at is what they decide on: a digest of what was shown comes back with the decision.

A page's form carries it always. Over REST it is the field `revision`, which may be left out: then one decides on
whatever stands there at that moment.
"""

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from .refusals import Refusal


class ChangedMeanwhile(Refusal):
    """Somebody changed it since it was looked at: what would be decided on was not seen."""

    status, code = 409, "changed_meanwhile"


def revision_of(*content: Any) -> str:
    """Sixteen hex digits that tell one content from another; things are told apart by their ids."""
    text = json.dumps(content, cls=_Encoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def require_same(seen: str | None, now: str, what: str) -> None:
    """Raises ChangedMeanwhile if `seen` is another revision than `now`. None: nobody asks."""
    if seen is not None and seen != now:
        raise ChangedMeanwhile(
            f"{what} was changed since you opened it: nothing was decided.", next_step="Look at it again, then decide."
        )


class _Encoder(DjangoJSONEncoder):
    def default(self, o):
        return o.pk if hasattr(o, "pk") else super().default(o)
