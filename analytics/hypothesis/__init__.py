"""Is there a difference, how large, and can it be chance? Effect and interval first, p after."""
