"""Doors of this room: permission, input, one call, one template."""
