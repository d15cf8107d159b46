"""Draw every figure of the paper. In: params, results/; out: paper_figures/figures and MANIFEST.json.

Architecture diagrams are drawn from the modules themselves, built from their specs without weights.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from matplotlib import rc_context

from stages.figures import (
    architecture,
    curves,
    evidence,
    factorial,
    forest,
    gallery,
    labels,
    pareto,
    person,
    pipeline,
    reliability,
    sanity,
    style,
    subclasses,
    summary,
    temperatures,
    weights,
)
from stages.figures.style import Drawn
from stages.harness import machine, paths, provenance
from stages.harness.checkpoints import write_atomically
from stages.harness.tables import TableError

STAGE = "plot_figures"
OF_IMAGES = (
    summary, gallery, person, factorial, forest, weights, pareto, curves, labels, sanity, architecture,
)  # fmt: skip
OF_ALL = (temperatures, subclasses, reliability, pipeline)


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
    """Every figure, kind by kind."""
    for kinds, shown in ((OF_IMAGES, evidence.of_images(found)), (OF_ALL, found)):
        for kind in kinds:
            with rc_context(style.RULES):
                yield from kind.figures(shown)


def tidy(names: Collection[str], files: Iterable[Path]) -> None:
    """Take away the files of figures that are no longer drawn."""
    for path in sorted(files):
        if path.stem not in names:
            path.unlink()


def share(first: int, step: int) -> dict[int, tuple[str, dict[str, object]]]:
    """Write every so many figures from the first on; of each its place among all, its name, and what is said of it."""
    written = {}
    for place, drawn in enumerate(drawings(evidence.load())):
        if place % step == first:
            files = style.files(drawn, STAGE)
            for name, content in files.items():
                write_atomically(paths.figure(name), content)
            written[place] = (drawn.name, described(drawn, files))
    return written


def main() -> None:
    """Draw, write, and list what was written; most time goes into files, which all cores write."""
    with provenance.timed(STAGE):
        cores = machine.cores()
        with ProcessPoolExecutor(cores, get_context("spawn")) as pool:
            shares = pool.map(share, range(cores), [cores] * cores)
            written = {place: figure for each in shares for place, figure in each.items()}
        manifest = dict(figure for _, figure in sorted(written.items()))
        write_atomically(paths.manifest(), (json.dumps(manifest, indent=1) + "\n").encode())
    tidy(manifest, paths.figures().iterdir())
    print(f"{len(manifest)} figures in {paths.figures()}")


if __name__ == "__main__":
    try:
        main()
    except TableError as error:
        sys.exit(f"{STAGE}: {error}")
