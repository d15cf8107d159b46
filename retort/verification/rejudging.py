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

from retort.exchange import folders
from retort.verification.recorded import Finding
from stages.settings import paths, sweeps
from stages.settings.rows import Params

PROJECT = Path(__file__).resolve().parents[2]
INPUTS = (folders.DATA, *(paths.RESULTS / each for each in ("judges", "protocols", "teachers", "students")))
# What rounding on another machine may do; one image of 400 judged otherwise moves an accuracy by 0.0025.
RELATIVE = 0.005
ABSOLUTE = 1e-4


def sample(settings: Params, here: dict[str, dict[str, Any]], count: int) -> dict[str, list[str]]:
    """Items whose rows all have a report and their weights, evenly spread, each with its rows."""
    items = {name: sweeps.of_item(settings, name) for name in sweeps.items(settings)}
    complete = [
        name
        for name, rows in items.items()
        if all(each in here for each in rows)
        and all(paths.student(each, seed).exists() for each, row in rows.items() for seed in row.seeds)
    ]
    count = min(count, len(complete))
    chosen = [complete[index * len(complete) // count] for index in range(count)]
    return {name: list(items[name]) for name in chosen}


def findings(
    chosen: dict[str, list[str]], here: dict[str, dict[str, Any]], exact: bool, report: Callable[[str], None]
) -> Iterator[Finding]:
    """Numbers that come out otherwise."""
    if not chosen:
        yield Finding(
            paths.students("").as_posix(), "there are no weights here; `dvc pull` or `retort repro` brings them"
        )
    for item, rows in chosen.items():
        report(f"judging {item} again")
        again = judged(item, rows)
        for name in rows:
            where = paths.quality(name).as_posix()
            if isinstance(again, str):
                yield Finding(where, f"cannot be made again: {again}")
            elif not exact:
                yield from far_apart(name, here[name], again[name])
            elif again[name] != here[name]:
                yield Finding(where, f"{'; '.join(unequal(here[name], again[name], 'judged again')[:3])}")


def judged(item: str, rows: list[str]) -> dict[str, Any] | str:
    """The reports of an item's rows, made anew, or the last line of what went wrong."""
    with tempfile.TemporaryDirectory(prefix="retort-") as place:
        root = Path(place)
        shutil.copyfile(paths.PARAMS, root / paths.PARAMS)
        for each in INPUTS:
            (root / each).parent.mkdir(parents=True, exist_ok=True)
            (root / each).symlink_to(each.absolute())
        command = [sys.executable, "-m", "stages.evaluate_quality", item]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
        if done.returncode:
            return ([f"exit status {done.returncode}", *done.stderr.strip().splitlines()])[-1]
        return {name: json.loads((root / paths.quality(name)).read_text(encoding="utf-8")) for name in rows}


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
