"""What a person gave and cannot be used."""

from __future__ import annotations


class Refused(ValueError):  # noqa: N818 - not an error of the program
    """Something that was given cannot be used; the message says why, in a sentence."""
