"""Statistics and operations research as pure functions over arrays: no Django, no clock, no I/O. See README.md."""
