"""Business time and clocks: how much working time passed, and when a target is used up. For all cases at once."""

from lake.clock.pauses import Pauses
from lake.clock.replay import Clocks, Events, State, from_columns, replay
from lake.clock.worktime import NEVER, OutsideTable, WorkTable, seconds_of

__all__ = [
    "NEVER",
    "Clocks",
    "Events",
    "OutsideTable",
    "Pauses",
    "State",
    "WorkTable",
    "from_columns",
    "replay",
    "seconds_of",
]
