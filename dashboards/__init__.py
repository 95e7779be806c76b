"""Pages that cross subjects: home, review, style guide, search, and the builders of charts."""
