"""What every expected refusal of this room has in common."""


class Refusal(Exception):
    """A step that cannot be done now; the message says why and what to do. `field` names what to change, if one."""

    def __init__(self, message: str, field: str = ""):
        self.field = field
        super().__init__(message)
