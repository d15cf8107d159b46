"""Examine every seed of a row on the test split, in the way that the row names.

In: data, judges, protocol, teacher, students; out: results/quality/<row>.json and results/samples/<row>.png, of a
sweep folders of them. A row whose examination makes no picture has a blank one, since every item must leave its outs.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from stages.learning import devices
from stages.measuring import protocols, strips
from stages.measuring.contracts import Report
from stages.settings import members, params, paths, provenance, sweeps
from stages.settings.atomic import write_atomically
from stages.settings.rows import Params, VariantRow

DIGITS = 6


def main(name: str) -> None:
    """Examine every seed of the row or sweep called `name`."""
    settings = params.read()
    # Always float32: what is compared is what was learnt, not how it is rounded.
    place = devices.choose(settings.run.device, "float32")
    stage = sweeps.stage(settings, "evaluate_quality", name)
    with provenance.timed(stage, name, precision=place.precision, device=place.device.type):
        for row_name, row in sweeps.of_item(settings, name).items():
            report, picture = examined(row_name, row, settings, place)
            write_atomically(paths.samples(row_name), picture or strips.blank())
            write_atomically(paths.quality(row_name), f"{json.dumps(rounded(report), indent=1)}\n".encode())


def examined(name: str, row: VariantRow, settings: Params, place: devices.Place) -> tuple[Report, bytes | None]:
    """The report of a row, with its headline and the metrics of its protocol, and its picture."""
    established = protocols.read(row.examination, settings)
    examination = members.load("examinations", row.examination)
    report, picture = examination.examine(name, row, settings, place)
    overall = report["seeds"][str(row.seeds[0])]["overall"]
    headline = next((column for column in examination.HEADLINE if column in overall), None)
    if headline is None:
        decide = ", ".join(examination.HEADLINE)
        raise protocols.ProtocolError(f"{name}: no metric of evaluation.{row.examination} measures one of {decide}")
    columns = {column: meaning for column, meaning in report["columns"].items() if column in overall}
    own = report["protocol"]
    code = {name: established[name] for name in ("metrics", "programs") if name in established}
    shared = {"examination": row.examination, **own["shared"], **code}
    about = {"headline": headline, "columns": columns, "protocol": {**own, "shared": shared}}
    about["pictured"] = picture is not None
    return {"variant": name, **report, **about}, picture


def rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The same report with six significant digits and at most six decimals, so that its bytes are stable."""
    if isinstance(value, float):
        return round(float(f"{value:.{DIGITS}g}"), DIGITS) + 0.0
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main(sys.argv[1])
