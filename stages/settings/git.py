"""What git says of this working tree."""

from __future__ import annotations

import subprocess
from typing import Any


def said(*arguments: str) -> bytes | None:
    """What git prints, or nothing where it fails or is not installed."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def commit() -> dict[str, Any]:
    """The commit that is checked out, and whether tracked files differ from it; empty outside git."""
    described = said("describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")
    if described is None:
        return {}
    name = described.decode().strip()
    return {"commit": name.removesuffix("-dirty"), "modified": name.endswith("-dirty")}
