"""Every component on one page, with data as real pages have it.

What is built looks like this page, or this page changes.
"""

from .page import styleguide

__all__ = ["styleguide"]
