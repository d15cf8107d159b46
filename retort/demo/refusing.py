"""What `retort demo` refuses, in a sentence."""

from __future__ import annotations


class DemoError(ValueError):
    """The page cannot be made as things are; the message says what to do."""
