"""Service levels over REST."""
