"""The names nearest to one that names nothing: what a refusal proposes."""

import difflib
from collections.abc import Iterable

MOST = 5_000  # names among which the nearest are looked for


def did_you_mean(given: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The question ` Did you mean north or nord?`, a blank before it; an empty text where nothing is near.

    Upper and lower case are one, and a name's part counts as near: `from` to `period_from`.
    """
    folded = {name.casefold(): name for name in known}
    wanted = given.casefold()
    parts = [fold for fold in folded if wanted in fold.split("_")] if wanted else []
    near = dict.fromkeys([*difflib.get_close_matches(wanted, folded, cutoff=cutoff), *parts])
    return f" Did you mean {' or '.join(folded[fold] for fold in [*near][:3])}?" if near else ""
