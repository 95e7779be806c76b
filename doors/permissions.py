"""Nothing is allowed that a view does not name."""

from rest_framework.permissions import BasePermission

SAFE = {"GET", "HEAD", "OPTIONS"}
# Permissions that are no verb of their own in "You may not ... here".
IN_WORDS = {
    "define": "define KPIs and datasets",
    "target": "set targets",
    "certify": "certify definitions",
    "query": "query rows",
    "money": "see money",
    "audit": "read the audit trail",
    "oversee": "oversee vendors",
    "procure": "keep contracts and reviews",
    "answer": "answer actions",
}


def in_words(permission: str | None) -> str:
    return IN_WORDS.get(permission or "", permission or "do this")


class DenyUnlessAllowed(BasePermission):
    """A view names `needs`: permission for reading and for changing, as {"read": "view", "write": "define"}.

    Holding it anywhere opens the door; which objects lie behind it, the view's queryset decides. What a token gives
    for looking only changes nothing, but opens the actions that the view names in `by_reading`.
    """

    def has_permission(self, request, view) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if not hasattr(view, request.method.lower()):
            return True  # the view answers 405
        needs = getattr(view, "needs", None) or {}
        wanted = needs.get(getattr(view, "action", None)) or needs.get("read" if request.method in SAFE else "write")
        self.message = (
            f"You may not {in_words(wanted)} anywhere: it takes a role that may, and a token with the scope for it."
            f"{_scopes_of(request.auth)}"
        )
        access, by_reading = request._request.access, getattr(view, "by_reading", ())
        if request.method not in SAFE and view.action not in by_reading and wanted in access.to_look:
            self.message = f"This changes something: it takes a token with the scope define.{_scopes_of(request.auth)}"
            return False
        return wanted is not None and access.anywhere(wanted)


def _scopes_of(token) -> str:
    """What the token that came with the call may do, in words; nothing for a browser's session."""
    scopes = getattr(token, "scopes", None)
    return f" This token has the scope {', '.join(scopes)}." if scopes else ""
