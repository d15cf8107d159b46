"""Teach the small networks of one row, seed by seed. In: data, teacher; out: results/students/<variant>/, curves."""

from __future__ import annotations

import sys

from stages.learning import devices, distilling
from stages.settings import params, paths, provenance, sweeps
from stages.settings.rows import CHOSEN


def main(name: str) -> None:
    """Train every seed of the row or sweep called `name`, except those that an earlier process finished."""
    settings = params.read()
    place = devices.choose(settings.run.device, settings.run.precision)
    stage = sweeps.stage(settings, "distill_students", name)
    with provenance.timed(stage, name, precision=place.precision, device=place.device.type):
        for row_name, row in sweeps.of_item(settings, name).items():
            # A row that takes what a search chose may have been trained there already, under no name.
            about = {} if CHOSEN in row.student else {"variant": row_name}
            for seed in row.seeds:
                artifacts = {
                    distilling.NETWORKS: paths.student(row_name, seed),
                    distilling.CURVE: paths.student_curve(row_name, seed),
                }
                distilling.teach(f"{row_name} seed {seed}", about, row, seed, settings, place, artifacts)


if __name__ == "__main__":
    main(sys.argv[1])
