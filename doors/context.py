"""What every page shows around its content."""


def furniture(request) -> dict:
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    return {"access": request.access, "day": request.day}
