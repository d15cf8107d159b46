"""Draw every figure of the paper. In: params, results/; out: paper_figures/figures and MANIFEST.json.

Architecture diagrams are drawn from the modules themselves, built from their specs without weights.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sys
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from stages.figures import (
    additions,
    architecture,
    conflict,
    curves,
    evidence,
    exports,
    factorial,
    faults,
    forest,
    gallery,
    gradients,
    labels,
    latents,
    lengths,
    marginals,
    paces,
    pareto,
    person,
    picks,
    pipeline,
    problems,
    reliability,
    sanity,
    search,
    subclasses,
    summary,
    temperatures,
    weights,
    written,
)
from stages.figures.style import Drawn
from stages.findings.tables import TableError
from stages.settings import machine, paths, provenance
from stages.settings.atomic import write_atomically

STAGE = "plot_figures"
KINDS = (
    summary, problems, gallery, latents, person, additions, factorial, forest, weights, paces, lengths, picks, search,
    marginals, pareto, curves, gradients, conflict, labels, sanity, faults, architecture, temperatures, subclasses,
    reliability, exports, pipeline,
)  # fmt: skip


def digest(content: bytes) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(content).hexdigest()


def described(drawn: Drawn, files: dict[str, bytes]) -> dict[str, object]:
    """What the manifest says of a figure."""
    return {
        "title": drawn.title,
        "stage": STAGE,
        "inputs": {path.as_posix(): digest(path.read_bytes()) for path in drawn.inputs},
        "files": {name: digest(content) for name, content in files.items()},
    }


def drawings(found: evidence.Evidence) -> Iterator[Drawn]:
    """Every figure, kind by kind; each is drawn when its files are asked for."""
    for kind in KINDS:
        yield from kind.figures(found)


def tidy(names: Collection[str], files: Iterable[Path]) -> None:
    """Take away the files of figures that are no longer drawn."""
    for path in sorted(files):
        if path.stem not in names:
            path.unlink()


def taken(turn: Path) -> bool:
    """Whether another process has a figure's turn; if none has, this one takes it."""
    try:
        turn.touch(exist_ok=False)
    except FileExistsError:
        return True
    return False


def share(turns: Path) -> dict[int, tuple[str, dict[str, object]]]:
    """Write the figures whose turn is free; of each its place among all, its name, and what is said of it."""
    # What was imported stays: collections of garbage need not walk through it.
    gc.freeze()
    mine = {}
    for place, drawn in enumerate(drawings(evidence.load())):
        if not taken(turns / str(place)):
            files = written.files(drawn, STAGE)
            for name, content in files.items():
                write_atomically(paths.figure(name), content)
            mine[place] = (drawn.name, described(drawn, files))
    return mine


def main() -> None:
    """Draw on all cores, write, and list what was written."""
    others = machine.cores() - 1
    with provenance.timed(STAGE), TemporaryDirectory() as folder:
        with ProcessPoolExecutor(max(1, others), get_context("spawn")) as pool:
            theirs = [pool.submit(share, Path(folder)) for _ in range(others)]
            shares = [share(Path(folder)), *(each.result() for each in theirs)]
        everything = {place: figure for each in shares for place, figure in each.items()}
        manifest = dict(figure for _, figure in sorted(everything.items()))
        write_atomically(paths.manifest(), (json.dumps(manifest, indent=1) + "\n").encode())
    tidy(manifest, paths.figures().iterdir())
    print(f"{len(manifest)} figures in {paths.figures()}")


if __name__ == "__main__":
    try:
        main()
    except TableError as error:
        sys.exit(f"{STAGE}: {error}")
