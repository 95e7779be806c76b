"""The API of this room: the same verbs as the pages."""
