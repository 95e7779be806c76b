"""Doors of the queue: each task is one line around a verb."""
