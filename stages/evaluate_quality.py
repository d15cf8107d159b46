"""Examine every seed of a row on the test split, by what its family is examined by.

In: data, judges, teacher, students; out: results/quality/<variant>.json and results/samples/<variant>.png, or of a
sweep results/quality/<sweep>/.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from stages.harness.learning import devices
from stages.harness.settings import members, params, paths, provenance, sweeps
from stages.harness.settings.atomic import write_atomically

DIGITS = 6


def main(name: str) -> None:
    """Examine every seed of the row or sweep called `name`."""
    settings = params.load_or_exit()
    # Always float32: what is compared is what was learnt, not how it is rounded.
    place = devices.choose(settings.run.device, "float32")
    stage = sweeps.stage(settings, "evaluate_quality", name)
    with provenance.timed(stage, name, precision=place.precision, device=place.device.type):
        for row_name, row in sweeps.of_item(settings, name).items():
            family = members.load("families", row.family)
            examine = members.load("examinations", family.EXAMINATION).examine
            report, picture = examine(row_name, row, settings, place)
            if picture is not None:
                write_atomically(paths.samples(row_name), picture)
            content = rounded({"variant": row_name, **report})
            write_atomically(paths.quality(row_name), f"{json.dumps(content, indent=1)}\n".encode())


def rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The same report with six significant digits and at most six decimals, so that its bytes are stable."""
    if isinstance(value, float):
        return round(float(f"{value:.{DIGITS}g}"), DIGITS) + 0.0
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main(sys.argv[1])
