"""What `retort repro` costs beyond the items themselves: many items that only sleep, with several numbers of workers.

The items are real ones, in a repository of their own: a process, a dependency, a param and a cached out each. A process
that sleeps needs no core, so there may be more workers than cores; what is left over is DVC's work and ours.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from retort.benches.side_by_side import BenchError
from stages.settings import machine

PROJECT = Path(__file__).resolve().parents[2]
WORKERS = (1, 2, 4, 8)
LAST_LINES = 10

# As `retort repro -j N` does it, without the check of the project's own params.
PROGRAM = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from retort.commands import repro\n"
PROGRAM += "sys.exit(repro.run([], int(sys.argv[1]), lambda: None))"

GRAPH = """\
stages:
  rest:
    foreach: ${items}
    do:
      cmd: python -S -E step.py ${key} ${item.number} ${sleep_s}
      params:
        - items.${key}
      deps:
        - step.py
        - given/${key}.txt
      outs:
        - made/${key}.txt
"""

STEP = """\
import sys, time

item, number, seconds = sys.argv[1:]
time.sleep(float(seconds))
with open(f"given/{item}.txt", "rb") as given, open(f"made/{item}.txt", "wb") as made:
    made.write(given.read() + number.encode())
"""


@dataclass(frozen=True)
class Work:
    """So many items, each of which sleeps so long."""

    items: int
    sleep_s: float

    def numbers(self) -> dict[str, int]:
        """The param of each item."""
        return {f"item{number:05d}": number for number in range(self.items)}

    def least_s(self, workers: int) -> float:
        """The seconds that the items alone take."""
        return self.items * self.sleep_s / workers


def given(item: str) -> bytes:
    """What an item depends on."""
    return f"given to {item}: ".encode()


def sh(*command_line: str, cwd: Path) -> None:
    """Run a program that must succeed."""
    try:
        subprocess.run(command_line, cwd=cwd, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise BenchError(f"{command_line[0]} is not installed; the repository of the comparison needs it") from None
    except subprocess.CalledProcessError as error:
        raise BenchError(f"{' '.join(command_line)} ended with {error.returncode}: {error.stderr.strip()}") from None


def repository(root: Path, work: Work) -> None:
    """A repository in which no item has run."""
    rows = "".join(f"  {item}: {{number: {number}}}\n" for item, number in work.numbers().items())
    files = {
        "params.yaml": f"sleep_s: {work.sleep_s}\nitems:\n{rows}".encode(),
        "dvc.yaml": GRAPH.encode(),
        "step.py": STEP.encode(),
        # One rule for all outs, so that DVC has no lines of its own to add.
        ".gitignore": b"/.retort/\n/made/\n",
        **{f"given/{item}.txt": given(item) for item in work.numbers()},
    }
    (root / "given").mkdir(parents=True)
    (root / "made").mkdir()
    for name, content in files.items():
        (root / name).write_bytes(content)
    git = ("git", "-c", "user.name=retort", "-c", "user.email=retort@example.org", "-c", "commit.gpgsign=false")
    sh(*git, "init", "-q", cwd=root)
    sh(sys.executable, "-m", "dvc", "init", "-q", cwd=root)
    settings = "[core]\n    analytics = false\n    check_update = false\n    autostage = false\n"
    (root / ".dvc" / "config").write_text(settings, encoding="utf-8")
    (root / ".dvcignore").write_text(".retort\n", encoding="utf-8")
    sh(*git, "add", "-A", cwd=root)
    sh(*git, "commit", "-qm", "start", cwd=root)


def environment(scratch: Path) -> dict[str, str]:
    """This interpreter for a plain `python`, and no settings or caches of DVC from elsewhere."""
    elsewhere = {f"DVC_{name}_DIR": str(scratch / name) for name in ("SITE_CACHE", "GLOBAL_CONFIG", "SYSTEM_CONFIG")}
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    return {**os.environ, **elsewhere, "PATH": path}


def undone(root: Path, work: Work) -> str:
    """What a run has left to do, in words; empty if every item is made, cached and recorded."""
    record = root / "dvc.lock"
    recorded = record.read_text(encoding="utf-8") if record.exists() else ""
    for item, number in work.numbers().items():
        out, expected = root / "made" / f"{item}.txt", given(item) + str(number).encode()
        if not out.exists() or out.read_bytes() != expected:
            return f"did not make {out.name}"
        md5 = hashlib.md5(expected, usedforsecurity=False).hexdigest()
        if not (root / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).exists():
            return f"did not cache {out.name}"
        if f"rest@{item}:" not in recorded or md5 not in recorded:
            return f"did not record {out.name} in dvc.lock"
    return ""


def timed(root: Path, log: Path, workers: int, work: Work, command_line: list[str]) -> dict[str, Any]:
    """A run in a copy of the repository: its figures, or under `failed` why it has none."""
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.run(
            command_line,
            cwd=root,
            env=environment(root.parent),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        seconds = time.perf_counter() - began
    if process.returncode:
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
        return {"failed": "\n  | ".join((f"ended with {process.returncode}", *last))}
    if missing := undone(root, work):
        return {"failed": missing}
    if seconds < work.least_s(workers):
        return {"failed": f"took {seconds:.2f} s, in which {workers} cannot have slept {work.items} times"}
    return {
        "seconds": seconds,
        "seconds_per_item": seconds / work.items,
        "overhead_per_item_s": (seconds - work.least_s(workers)) * workers / work.items,
        "items_per_s": work.items / seconds,
    }


def run(work: Work, workers: list[int], dvc: bool, report: Callable[[str], None]) -> dict[str, Any]:
    """Everything made from nothing with each number of workers, then by `dvc repro`; `report` is told what begins."""
    load = machine.load()
    orders = [("retort repro", each, [sys.executable, "-c", PROGRAM, str(each)]) for each in workers]
    if dvc:
        orders.append(("dvc repro", 1, [sys.executable, "-m", "dvc", "repro"]))
    runs: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        template = Path(scratch) / "template"
        report(f"making a repository of {work.items} items that sleep {work.sleep_s:g} s")
        repository(template, work)
        for place, (command, each, command_line) in enumerate(orders):
            report(f"{command} with {each} at once, at least {work.least_s(each):.3g} s")
            root = Path(scratch) / f"run{place}" / "tree"
            shutil.copytree(template, root)
            found = timed(root, root.parent / "log", each, work, command_line)
            runs.append({"command": command, "workers": each, **found})
    done = [each for each in runs if "failed" not in each]
    alone = [each for each in done if each["command"] == "retort repro" and each["workers"] == 1]
    for one in done if alone else ():
        one["throughput_ratio"] = one["items_per_s"] / alone[0]["items_per_s"]
    return {
        "machine": {
            "cpu": machine.cpu_model(),
            "cores": machine.cores(),
            "dvc": version("dvc"),
            "load_before": load,
        },
        "items": work.items,
        "sleep_s": work.sleep_s,
        "runs": runs,
    }
