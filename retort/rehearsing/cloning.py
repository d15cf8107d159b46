"""A clone of the commit for a rehearsal: params, data, weights and watched stages, with a state of DVC of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from retort.checking import params
from retort.commands.doctor import wanted_weights
from retort.rehearsing import choosing, layouts, weights
from retort.rehearsing.choosing import Limits
from stages.measuring.judge import FEATURES
from stages.settings import machine, paths
from stages.settings.rows import Params

PLAN = paths.STATE / "rehearsal" / "plan.json"
OF_A_RUN = (paths.RESULTS, paths.FIGURES, paths.LOCK)
"""What a clone has of the published run, and a rehearsal makes itself."""
RUNS, WATCHED = "python -m stages.", "python -m retort.rehearsing.observing stages."

Tell = Callable[[str], None]


class RehearsalError(ValueError):
    """What keeps a rehearsal from beginning; the message says what to do."""


def prepare(root: Path, folder: Path, scale: str, limits: Limits, only: frozenset[str], tell: Tell) -> None:
    """A clone in which everything is ready to run; one that is there already must be of the same rehearsal."""
    plan = {"scale": scale, "only": sorted(only), **asdict(limits)}
    if (folder / PLAN).exists():
        if json.loads((folder / PLAN).read_text(encoding="utf-8")) != plan:
            raise RehearsalError(f"{folder} holds another rehearsal; name another folder, or remove it")
        tell(f"{folder}: continuing")
        return
    if not (folder / ".git").exists():
        if folder.exists() and any(folder.iterdir()):
            raise RehearsalError(f"{folder} is not empty; name another folder")
        tell(f"{folder}: a clone of the last commit")
        call(root, "git", "clone", "-q", "--no-hardlinks", ".", str(folder.resolve()))
    settings = params.typed(folder / paths.SCALES / f"{scale}.yaml")
    unknown = sorted(only - set(choosing.families(settings)))
    if unknown:
        raise RehearsalError(
            f"no teacher of {scale} is a {unknown[0]}; there are {', '.join(choosing.families(settings))}"
        )
    fill(folder, settings, limits, only, tell)
    (folder / PLAN).parent.mkdir(parents=True, exist_ok=True)
    (folder / PLAN).write_text(json.dumps(plan), encoding="utf-8")


def fill(folder: Path, settings: Params, limits: Limits, only: frozenset[str], tell: Tell) -> None:
    """Data, weights and params, committed to the clone."""
    for made in OF_A_RUN:
        shutil.rmtree(folder / made, ignore_errors=True)
        (folder / made).unlink(missing_ok=True)
    content, counts = choosing.derived(settings, limits, only), counted(limits)
    rows = {name: row for name, row in settings.datasets.items() if name in content["datasets"]}
    for name, row in rows.items():
        content["datasets"][name]["settings"] = layouts.settings(name, row, counts)
    wanted = sorted(wanted_weights(params.modelled(content, folder / paths.PARAMS)))
    with ProcessPoolExecutor(machine.cores(), get_context("spawn")) as pool:
        renaming = pool.submit(weights.write, wanted, folder / paths.WEIGHTS)
        writing = pool.map(layouts.write, rows.values(), repeat(counts), repeat(folder))
        for (name, row), _ in zip(rows.items(), writing, strict=True):
            tell(f"{name}: {row.dataset}, {row.resolution} px")
        renamed = renaming.result()
        tell(f"random weights of {', '.join(wanted) or 'nothing'}")
    # Whatever holds weights against their published hash.
    for file in sorted((folder / "stages").rglob("*.py")):
        replace(file, renamed)
    replace(folder / paths.GRAPH, {RUNS: WATCHED})
    with (folder / paths.PARAMS).open("w", encoding="utf-8") as file_:
        YAML().dump(content, file_)
    retort(folder, "deps", "--write")
    call(folder, "git", "add", "-A")
    who = ("-c", "user.name=rehearsal", "-c", "user.email=rehearsal@example.invalid")
    call(folder, "git", *who, "commit", "-q", "-m", "Rehearse")


def counted(limits: Limits) -> layouts.Counts:
    """Images of each split: those of an examination, and enough for a judge's Fréchet distance."""
    count = max(FEATURES, limits.images)
    return layouts.Counts(count, count)


def replace(file: Path, words: dict[str, str]) -> None:
    """Each word of a text by another."""
    text = replaced = file.read_text(encoding="utf-8")
    for old, new in words.items():
        replaced = replaced.replace(old, new)
    if replaced != text:
        file.write_text(replaced, encoding="utf-8")


def environment(folder: Path) -> dict[str, str]:
    """This interpreter, the clone's own code, and nothing of DVC's that other trees share."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {
        "PATH": path,
        "PYTHONPATH": ".",
        "OMP_NUM_THREADS": "1",
        "DVC_SITE_CACHE_DIR": str(folder.resolve() / paths.STATE / "site"),
    }
    return {**os.environ, **own}


def call(folder: Path, *command: str) -> str:
    """What a command says; it must succeed."""
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)
    if done.returncode:
        raise RehearsalError(f"{' '.join(command[:3])} in {folder} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def retort(folder: Path, *arguments: str) -> str:
    """The clone's own command."""
    return call(folder, sys.executable, "-m", "retort", *arguments)


def run(folder: Path, jobs: int, *targets: str) -> int:
    """Everything there that is not up to date, or what targets need; its output is shown here. The exit status."""
    command = [sys.executable, "-m", "retort", "repro", "-j", str(jobs), *targets]
    return subprocess.run(command, cwd=folder, env=environment(folder)).returncode


def content(folder: Path) -> Any:  # noqa: ANN401 - JSON
    """The plan of a rehearsal."""
    return json.loads((folder / PLAN).read_text(encoding="utf-8"))
