"""SHA-256 of files and texts: what identifies data, weights and code."""

from __future__ import annotations

import hashlib
from pathlib import Path


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(content: bytes | str) -> str:
    """SHA-256 of bytes, or of a text in UTF-8, in hex digits."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
