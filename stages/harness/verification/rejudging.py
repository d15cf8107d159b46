"""Judging rows again from their weights, on links to them in a folder apart, so that no result is overwritten."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stages.harness.pipeline.recorded import Finding
from stages.harness.settings import paths
from stages.harness.settings.params import Params

PROJECT = Path(__file__).resolve().parents[3]
INPUTS = (Path("data"), *(paths.RESULTS / each for each in ("judges", "teachers", "students")))
# What rounding on another machine may do; one image of 400 judged otherwise moves an accuracy by 0.0025.
RELATIVE = 0.005
ABSOLUTE = 1e-4


def sample(settings: Params, here: dict[str, dict[str, Any]], count: int) -> list[str]:
    """Rows that have a report and all their weights, evenly spread."""
    names = [
        name
        for name, row in settings.variants.items()
        if name in here and all(paths.student(name, seed).exists() for seed in row.seeds)
    ]
    count = min(count, len(names))
    return [names[index * len(names) // count] for index in range(count)]


def findings(
    chosen: list[str], here: dict[str, dict[str, Any]], exact: bool, report: Callable[[str], None]
) -> Iterator[Finding]:
    """Numbers that come out otherwise."""
    if not chosen:
        yield Finding(
            paths.students("").as_posix(), "there are no weights here; `dvc pull` or `retort repro` brings them"
        )
    for name in chosen:
        report(f"judging {name} again")
        again = judge(name)
        where = paths.quality(name).as_posix()
        if isinstance(again, str):
            yield Finding(where, f"cannot be made again: {again}")
        elif not exact:
            yield from far_apart(name, here[name], again)
        elif again != here[name]:
            yield Finding(where, f"{'; '.join(unequal(here[name], again, 'judged again')[:3])}")


def judge(name: str) -> Any:  # noqa: ANN401 - what the file holds
    """A row's report, made anew, or the last line of what went wrong."""
    with tempfile.TemporaryDirectory(prefix="retort-") as place:
        root = Path(place)
        shutil.copyfile(paths.PARAMS, root / paths.PARAMS)
        for each in INPUTS:
            (root / each).parent.mkdir(parents=True, exist_ok=True)
            (root / each).symlink_to(each.absolute())
        command = [sys.executable, "-m", "stages.evaluate_quality", name]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
        if done.returncode:
            return ([f"exit status {done.returncode}", *done.stderr.strip().splitlines()])[-1]
        return json.loads((root / paths.quality(name)).read_text(encoding="utf-8"))


def unequal(one: Any, other: Any, whose: str, where: str = "") -> list[str]:  # noqa: ANN401 - trees of JSON
    """Places in which two trees differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [
            place
            for key in sorted(one.keys() | other.keys())
            if one.get(key) != other.get(key)
            for place in unequal(one.get(key), other.get(key), whose, f"{where}.{key}".lstrip("."))
        ]
    return [f"{where} is {one}, {whose} {other}"] if one != other else []


def far_apart(name: str, here: dict[str, Any], again: dict[str, Any]) -> Iterator[Finding]:
    """Numbers that rounding alone does not explain."""
    for seed, one in here["seeds"].items():
        other = again["seeds"].get(seed, {"overall": {}})["overall"]
        for metric, value in one["overall"].items():
            right = other.get(metric, math.inf)
            if not abs(value - right) <= RELATIVE * abs(value) + ABSOLUTE:
                yield Finding(f"{paths.quality(name)} seed {seed}, {metric}", f"is {value}, judged again {right}")
