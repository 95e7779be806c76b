"""The organisation over REST: units, people, calendars, audit entries. Each view: permission, serializer, one verb."""
