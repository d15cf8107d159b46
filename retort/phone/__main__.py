"""`python -m retort.phone`, run by the environment that has ExecuTorch: write files of rows, run them, tell how."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from retort.exporting import choosing
from retort.exporting.choosing import Choice, ExportError
from retort.phone import making, telling
from retort.phone.trying import Tried
from stages.exporting.contracts import Unexportable
from stages.learning.checkpoints import CheckpointError
from stages.settings import params, paths
from stages.settings.atomic import write_atomically
from stages.settings.rows import Params
from stages.storage.prepared import DataError

FOLDER = paths.STATE / "phone"
REPORT = "report.json"
ALLOWED = 1
"""8-bit levels by which an answer may differ from torch's."""


def choices(names: Sequence[str], seed: int | None, settings: Params) -> list[Choice]:
    """The named rows, or those of `exports` whose weights are here."""
    if names:
        return [choosing.choice(name, seed, settings) for name in names]
    every = [choosing.choice(name, seed, settings) for name in settings.exports]
    for chosen in every:
        if not chosen.weights.exists():
            print(f"{chosen.name}: {chosen.weights} is not here; `{chosen.trains(settings)}` makes it")
    return [chosen for chosen in every if chosen.weights.exists()]


def write(every: Sequence[Choice], folder: Path, settings: Params) -> list[Tried]:
    """The files of rows, a folder each, and what was found of them."""
    found = []
    for chosen in every:
        for network, file, tried in making.made(chosen, settings):
            place = folder / chosen.name.replace("/", "-") / f"{network}.pte"
            write_atomically(place, file.content)
            print(f"{place}: {len(file.content):,} bytes", flush=True)
            found.append(tried)
    return found


def main() -> None:
    """Exit status 2 where what was asked for cannot be, 1 where a file does not do what its network does."""
    asked = argparse.ArgumentParser(prog="python -m retort.phone", description=__doc__)
    asked.add_argument("rows", nargs="*", metavar="ROW", help="else all of `exports` whose weights are here")
    asked.add_argument("--seed", type=int, help="else the exported one, or the row's first")
    asked.add_argument("--to", type=Path, default=FOLDER, metavar="DIR", help=f"else {FOLDER}")
    given = asked.parse_args()
    torch.set_num_threads(1)
    settings = params.read()
    try:
        found = write(choices(given.rows, given.seed, settings), given.to, settings)
    except (ExportError, Unexportable, CheckpointError, DataError) as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    write_atomically(given.to / REPORT, (json.dumps([asdict(each) for each in found], indent=1) + "\n").encode())
    print(telling.table(found))
    far = [f"{each.row} {each.network} by {each.levels:g}" for each in found if each.levels > ALLOWED]
    if far:
        print(f"more than {ALLOWED} level from torch: {', '.join(far)}", file=sys.stderr)
        raise SystemExit(1)


if __name__ == "__main__":
    main()
