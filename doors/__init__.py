"""What every door shares: problems, tokens, permissions, paging, exports, and the furniture of a page."""
