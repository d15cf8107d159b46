"""A command that does what none may do when it is given a damaged file; its argument says what."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def main(what: str) -> None:
    """Misbehave."""
    if what == "traceback":
        raise RuntimeError("no luck")
    if what == "new":
        Path("made.txt").write_text("made", encoding="utf-8")
    if what == "changed":
        Path("kept.txt").write_text("changed", encoding="utf-8")
    if what == "gone":
        Path("kept.txt").unlink()
        sys.exit("given.json is damaged")
    if what == "slow":
        time.sleep(60)
    if what == "crash":
        os.abort()
    if what == "status":
        sys.exit(3)
    if what == "nameless":
        sys.exit("it is wrong")


if __name__ == "__main__":
    main(sys.argv[1])
