"""A training that was stopped, continued as `retort repro` does: what is damaged is put aside, then its stage runs."""

from __future__ import annotations

import runpy
import sys

from retort.engine import saved


def main(stage: str, name: str) -> None:
    """Continue the training of an item."""
    for sentence in saved.put_aside():
        print(sentence)
    sys.argv = [stage, name]
    runpy.run_module(f"stages.{stage}", run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
