"""Extracts and the facts made of them: contracts, uploads, rejects, quality, explore."""
