"""Every public function of `analytics/` by name: its parameters, its call with plain JSON values, its plain result.

Knows no Django and imports a family only when one of its functions is asked for.
"""

from .calls import call, parameter_of
from .kinds import Unreadable
from .registry import FAMILIES, Function, NoSuchFunction, every, find

__all__ = ["FAMILIES", "Function", "NoSuchFunction", "Unreadable", "call", "every", "find", "parameter_of"]
