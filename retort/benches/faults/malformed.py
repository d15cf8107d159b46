"""Every malformed input given to the command that reads it, and what must not be: what came of each, and of good files.

`refused`: exit status 1 or 2 with a sentence that names the file. `made anew`: what was damaged is put aside, and the
right bytes are made again. `as before`: the damage changes nothing that matters. `another`: the input is another valid
one (another picture, other params), and counts as such. All else is a fault.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image

from retort.benches.faults import feeding, inputs, stopped
from retort.benches.faults.feeding import Answer, Feeder
from retort.benches.faults.inputs import GIVEN, Case, Kind
from stages.settings import paths

LIMIT_S = 240.0
"""How long a command may take, of which others keep the cores busy."""
MEGABYTES = 2000
"""How much more memory than for good files a command may take."""
KINDS = (*inputs.KINDS, stopped.CHECKPOINTS)
OTHERS = ("params", "claims", "pictures", "measurements")
"""Kinds of which there are other valid inputs, which are a person's own."""
NOTICED = ("params", "measurements")
"""Those of them of which `retort verify` must tell that results are not made of them."""
PLACES = {"params": paths.PARAMS}
"""Where such a file lies for that."""
OUTCOMES = ("refused", "made anew", "as before", "another", "fault")
UNWATCHED = (".git", ".retort", "dist", ".dvc", "results/provenance", "__pycache__")
VERIFY = ("retort", "verify")


@dataclass
class Tally:
    """What came of the cases."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    damages: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    most_megabytes: float = 0.0

    def figures(self) -> dict[str, Any]:
        """The figures, as the record holds them."""
        return {
            "inputs": sum(sum(each.values()) for each in self.outcomes.values()),
            "outcomes": {kind: dict(sorted(each.items())) for kind, each in self.outcomes.items()},
            "statuses": dict(sorted(self.statuses.items())),
            "damages": dict(sorted(self.damages.items())),
            "slowest_s": round(self.slowest_s, 1),
            "most_megabytes": round(self.most_megabytes),
            "faults": self.faults,
        }


class Folder:
    """A folder in which everything has run, whose files must stay as they are."""

    def __init__(self, root: Path, feed: Feeder) -> None:
        self.root, self.feed = root, feed
        self.good = {name: (root / name).read_bytes() for name in self.names()}
        self.seen = self.signatures()
        self.known: dict[tuple[str, ...], Answer] = {}

    def names(self) -> Iterator[str]:
        """All files that are watched."""
        for file in sorted(self.root.rglob("*")):
            name = file.relative_to(self.root).as_posix()
            if file.is_file() and not name.startswith(UNWATCHED) and "__pycache__" not in name:
                yield name

    def signatures(self) -> dict[str, tuple[int, int]]:
        """What changes when a file does."""
        found = {name: (self.root / name).stat() for name in self.names()}
        return {name: (each.st_mtime_ns, each.st_size) for name, each in found.items()}

    def harmed(self) -> list[str]:
        """Good files that have other bytes, are gone or new; all of them are put back."""
        now = self.signatures()
        if now == self.seen:
            return []
        told = []
        for name in now.keys() - self.good.keys():
            (self.root / name).unlink()
            told.append(f"{name} is new")
        for name, content in self.good.items():
            file = self.root / name
            if now.get(name) != self.seen[name] and (not file.exists() or file.read_bytes() != content):
                told.append(f"{name} is {'changed' if file.exists() else 'gone'}")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        self.seen = self.signatures()
        return sorted(told)

    def usual(self, case: Case) -> Answer:
        """What the command says of the good file."""
        if case.words not in self.known:
            self.known[case.words] = self.answer(replace(case, content=case.good), case.words)
        return self.known[case.words]

    def answer(self, case: Case, words: tuple[str, ...]) -> Answer:
        """What a command says while the damage lies there; then the good file is back."""
        file, kept = self.root / case.file, self.root / GIVEN / "kept"
        file.parent.mkdir(parents=True, exist_ok=True)
        there = file.exists()
        if there:
            file.replace(kept)
        try:
            file.write_bytes(case.content)
            return self.feed(words, LIMIT_S)
        finally:
            file.unlink(missing_ok=True)
            if there:
                kept.replace(file)


def outcome(case: Case, folder: Folder) -> tuple[str, str, Answer]:
    """What came of a case, and what is wrong about that, if anything."""
    if case.kind == stopped.CHECKPOINTS.name:
        found = folder.answer(case, case.words)
        wrong, harmed = misbehaved(found, 0.0), folder.harmed()
        return ("fault", wrong, found) if wrong else (*continued(found, harmed), found)
    usual, found = folder.usual(case), folder.answer(case, case.words)
    wrong, harmed = misbehaved(found, usual.megabytes), folder.harmed()
    if wrong:
        return "fault", wrong, found
    told = found.status in (1, 2) and (found.status != usual.status or found.output != usual.output)
    if told and harmed:
        return "fault", f"is refused, and {harmed[0]}", found
    if told and not names(case, found.output):
        return "fault", f"is refused without its name: {last(found.output)}", found
    if told:
        return "refused", "", found
    return (*accepted(case, folder, harmed), found)


def misbehaved(found: Answer, megabytes: float) -> str:
    """What no command may do, whatever it is given."""
    if found.late:
        return f"takes more than {LIMIT_S:g} s"
    if found.status < 0:
        return f"ends the command with signal {-found.status}"
    if "Traceback" in found.output:
        return f"gives a traceback: {last(found.output)}"
    if found.status > 2:
        return f"gives exit status {found.status}"
    if found.megabytes > megabytes + MEGABYTES:
        return f"takes {found.megabytes:.0f} MB"
    return ""


def continued(found: Answer, harmed: list[str]) -> tuple[str, str]:
    """What came of a training that was continued."""
    if found.status:
        return "fault", f"stops its training: {last(found.output)}"
    if harmed:
        return "fault", f"is accepted silently, and {harmed[0]}"
    return ("made anew", "") if "was damaged" in found.output else ("as before", "")


def accepted(case: Case, folder: Folder, harmed: list[str]) -> tuple[str, str]:
    """What an accepted input is."""
    if harmed and case.kind != inputs.MEASUREMENTS:
        return "fault", f"is accepted silently, and {harmed[0]}"
    if meaning(case.file, case.content) == meaning(case.file, case.good):
        return "as before", ""
    if case.fatal or case.kind not in OTHERS:
        return "fault", "is accepted silently"
    if case.kind in NOTICED:
        inside = replace(case, file=PLACES.get(case.kind, case.file), words=VERIFY)
        usual, found = folder.usual(inside), folder.answer(inside, VERIFY)
        if found.status == 0 or found.output == usual.output:
            return "fault", "is accepted, and `retort verify` says nothing of it"
    return "another", ""


def meaning(file: Path, content: bytes) -> object:
    """What a file says, whatever its notation; its bytes where it cannot be read."""
    try:
        if file.suffix in (".yaml", ".lock"):
            return json.dumps(inputs.yaml_read(content), sort_keys=True)
        if file.suffix == ".json":
            return json.dumps(json.loads(content), sort_keys=True)
        if file.suffix == ".csv":
            return list(csv.reader(io.StringIO(content.decode("utf-8"))))
        if file.suffix in (".png", ".jpeg", ".webp", ".gif"):
            with Image.open(io.BytesIO(content)) as image:
                return hashlib.sha256(image.convert("RGBA").tobytes()).hexdigest()
    # Readers raise nearly anything where a file is damaged.
    except Exception:
        return content
    return content


def names(case: Case, output: str) -> bool:
    """Whether a sentence says which file it is about, or which row that is."""
    known = {case.file.name, case.file.stem, case.file.parent.name, *case.file.parts[1:2]}
    return any(each and each in output for each in known)


def last(output: str) -> str:
    """The last line of an output."""
    return (output.strip().splitlines() or ["nothing is said"])[-1][:200]


def run(
    root: Path,
    count: int,
    seed: int,
    report: Callable[[str], None],
    kinds: tuple[Kind, ...] = KINDS,
    imported: Sequence[str] = feeding.IMPORTED,
) -> dict[str, Any]:
    """So many malformed inputs in a folder in which everything has run; the figures."""
    tally, began = Tally(), time.monotonic()
    shutil.rmtree(root / GIVEN, ignore_errors=True)
    with feeding.at_work(root, imported) as feed:
        folder = Folder(root, feed)
        for number, case in enumerate(inputs.drawn(root, kinds, count, seed), 1):
            what, wrong, found = outcome(case, folder)
            tally.outcomes.setdefault(case.kind, Counter())[what] += 1
            tally.damages[case.damage if "in its place" not in case.damage else "another file in its place"] += 1
            tally.statuses[str(found.status)] += 1
            tally.slowest_s = max(tally.slowest_s, found.seconds)
            tally.most_megabytes = max(tally.most_megabytes, found.megabytes)
            line = f"{number}: {case.kind}, {case.file}, {case.damage}: {what}"
            if wrong:
                tally.faults.append(f"{case.kind}: {case.file} ({case.damage}) {wrong}")
                line = f"{line}, {wrong}"
            report(f"{line} ({found.seconds:.1f} s)")
    return {**tally.figures(), "seconds": round(time.monotonic() - began, 1)}
