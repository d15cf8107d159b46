"""`kill -9` at random moments of `retort repro` in a scratch clone: of its driver, a worker and a program in turn.

The run is continued after each. When everything is up to date, the next pass starts from nothing, until all kills are
spent; the last pass runs to its end. Every file of every pass is held against those of a run that nobody disturbed.
"""

from __future__ import annotations

import random
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from retort.benches import programs
from retort.benches.faults import scratch, victims
from retort.benches.faults.records import Records
from retort.benches.faults.victims import Victim, Whom
from retort.benches.side_by_side import BenchError
from stages.storage import hashing

PAUSE = 1.0
"""The mean time between two kills, of the time after which a run has workers: a slow machine is given more of it."""
PATIENCE = 6
"""After how many kills without a newly recorded item the pauses grow, so that long items come to their end as well."""
FIRST_PAUSE_S = 5.0
LIMIT = 100
"""After how many of those times, once more some minutes, a run that nobody kills counts as hanging."""
LIMIT_S = 600.0
POLL_S, SLOW_POLL_S = 0.02, 0.2
LAST_LINES = 12
CONTINUED = "continuing at step"


class Ended(BenchError):  # noqa: N818 - what it says is among the faults
    """A run cannot be continued."""


@dataclass(frozen=True)
class Made:
    """What a run that has ended made, by the hashes of files, and what it recorded of each item."""

    files: dict[str, str]
    entries: dict[str, str]


@dataclass
class Tally:
    """What has happened so far."""

    killed: list[tuple[Whom, Victim]] = field(default_factory=list)
    runs: int = 0
    passes: int = 0
    continued: int = 0
    compared: int = 0
    starts_s: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """The figures, as the record holds them."""
        by = Counter(whom for whom, _ in self.killed)
        stages = Counter(item.partition("@")[0] for _, victim in self.killed for item in victim.items)
        moments: dict[str, Counter[str]] = {whom: Counter() for whom in victims.WHOM}
        for whom, victim in self.killed:
            moments[whom][victim.moment] += 1
        return {
            "kills": len(self.killed),
            **{whom: by[whom] for whom in victims.WHOM},
            "passes": self.passes,
            "runs": self.runs,
            "files_compared": self.compared,
            "trainings_continued": self.continued,
            "start_s": round(statistics.median(self.starts_s), 1) if self.starts_s else None,
            "moments": {whom: dict(sorted(each.items())) for whom, each in moments.items()},
            "stages": dict(sorted(stages.items())),
            "faults": self.faults,
        }


def made(folder: Path) -> Made:
    """What a run made in a folder."""
    files = {name: hashing.digest(content) for name, content in scratch.made(folder).items()}
    entries = scratch.entries(folder)
    return Made(files, {item: text for item, text in entries.items() if item not in scratch.ITEMS_OF_TIMES})


def undisturbed(folder: Path, targets: tuple[str, ...] = ()) -> None:
    """Run everything, or some items, in a new clone, unless that has been done here before."""
    done = folder / ".retort" / "undisturbed"
    if done.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    scratch.clone(folder)
    process = started(folder, targets)
    if process.wait():
        raise BenchError(f"the undisturbed run ended with {process.returncode}:\n{ending(folder)}")
    done.touch()


def log_of(folder: Path) -> Path:
    """What the driver of the latest run printed."""
    return folder / ".retort" / "driver.log"


def ending(folder: Path) -> str:
    """The last lines that a driver printed."""
    return "\n".join(log_of(folder).read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])


def started(folder: Path, targets: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """`retort repro -j 2` in the background."""
    log_of(folder).parent.mkdir(exist_ok=True)
    with log_of(folder).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "retort", "repro", "-j", "2", *targets],
            cwd=folder,
            env=programs.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


class Disturbed:
    """One pass: a clone in which a run is killed and continued until all is up to date."""

    def __init__(
        self,
        folder: Path,
        targets: tuple[str, ...],
        tally: Tally,
        moments: random.Random,
        report: Callable[[str], None],
    ) -> None:
        self.folder, self.targets, self.tally, self.moments, self.report = folder, targets, tally, moments, report
        self.records = Records(folder)
        self.recorded = self.barren = 0
        self.begin()

    def begin(self) -> None:
        """Start the run, or continue it."""
        self.untouched, self.has_workers, self.began = True, False, time.monotonic()
        self.process = started(self.folder, self.targets)
        self.tally.runs += 1

    def watch(self) -> None:
        """Note when a run has workers for the first time, where nobody was killed before."""
        if self.has_workers or not self.untouched:
            return
        with suppress(psutil.NoSuchProcess):
            if victims.of("worker", self.folder, self.driver()):
                self.has_workers = True
                self.tally.starts_s.append(time.monotonic() - self.began)

    def driver(self) -> psutil.Process:
        """The process of the run."""
        return psutil.Process(self.process.pid)

    def over(self, seconds: float) -> bool:
        """Wait so long while the run goes on, and continue it where it ended early; whether all is up to date."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None and self.ended():
                return True
            self.watch()
            time.sleep(POLL_S if self.has_workers else SLOW_POLL_S)
        return False

    def ended(self) -> bool:
        """Whether a run that ended was the last one; else it is continued."""
        status = self.process.returncode
        told = ending(self.folder)
        if status not in (0, 1) or (status == 1 and self.untouched):
            self.fault(f"a run ended with {status}:\n{told}")
            raise Ended(self.tally.faults[-1])
        if "Traceback" in log_of(self.folder).read_text(encoding="utf-8", errors="replace"):
            self.fault(f"a driver showed a traceback:\n{told}")
        self.look()
        if status == 1:
            self.begin()
        return status == 0

    def kill(self, whom: Whom) -> bool:
        """Kill one of a kind after a pause, and after further ones while there is none; False if the pass is over."""
        longer = 1 + max(0, self.barren - PATIENCE) / PATIENCE
        mean_s = PAUSE * longer * statistics.median(self.tally.starts_s or [FIRST_PAUSE_S])
        while not self.over(self.moments.uniform(0.1 * mean_s, 1.9 * mean_s)):
            at_hand = victims.of(whom, self.folder, self.driver())
            if at_hand and self.killed(whom, self.moments.choice(at_hand)):
                return True
        return False

    def killed(self, whom: Whom, victim: Victim) -> bool:
        """Kill a process, unless it ends by itself at this moment; a killed driver is continued at once."""
        self.untouched = False
        try:
            victim.process.kill()
        except psutil.NoSuchProcess:
            return False
        self.tally.killed.append((whom, victim))
        recorded = len(scratch.entries(self.folder))
        self.barren = 0 if recorded > self.recorded else self.barren + 1
        self.recorded = recorded
        if whom == "driver":
            self.process.wait()
            self.look()
            self.begin()
        self.say()
        return True

    def look(self) -> None:
        """Hold what is recorded against the files."""
        for each in self.records.untrue():
            self.fault(each)

    def finish(self) -> Made:
        """Let the pass end without further kills; what it made."""
        over = self.process.poll() is not None and self.ended()
        start_s = statistics.median(self.tally.starts_s or [FIRST_PAUSE_S])
        if not over and not self.over(LIMIT * start_s + LIMIT_S):
            self.stop()
            self.fault(f"a run that nobody disturbed did not end:\n{ending(self.folder)}")
            raise Ended(self.tally.faults[-1])
        for process in left_running(self.folder):
            self.fault(f"a process was left running: {process}")
        logs = (file.read_text(encoding="utf-8", errors="replace") for file in self.folder.glob(".retort/logs/*.log"))
        self.tally.continued += sum(CONTINUED in log for log in logs)
        self.tally.passes += 1
        return made(self.folder)

    def stop(self) -> None:
        """End everything."""
        with suppress(psutil.NoSuchProcess):
            for each in [*psutil.Process(self.process.pid).children(recursive=True), self.process]:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        self.process.wait()

    def fault(self, sentence: str) -> None:
        """Note what must not be."""
        self.tally.faults.append(f"pass {self.tally.passes + 1}, {len(self.tally.killed)} kills: {sentence}")
        self.report(self.tally.faults[-1])

    def say(self) -> None:
        """Say which kill this was."""
        whom, victim = self.tally.killed[-1]
        doing = ", ".join(victim.items) or "nothing"
        self.report(f"kill {len(self.tally.killed)}: {whom}, {victim.moment}: {doing}; {self.recorded} items recorded")


def left_running(folder: Path, patience_s: float = 15.0) -> list[str]:
    """The processes that still work in a folder after its run has ended."""
    deadline = time.monotonic() + patience_s
    while found := [" ".join(each.cmdline()) for each in at_work_in(folder)]:
        if time.monotonic() > deadline:
            return found
        time.sleep(0.2)
    return []


def at_work_in(folder: Path) -> Iterator[psutil.Process]:
    """Processes whose working directory is in a folder."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(folder) and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def differences(mine: Made, theirs: Made) -> Iterator[str]:
    """In what a run that was killed differs from one that nobody disturbed."""
    for name in sorted(mine.files.keys() | theirs.files.keys()):
        if name not in mine.files or name not in theirs.files:
            yield f"{name} is {'not made' if name in theirs.files else 'left over'}"
        elif mine.files[name] != theirs.files[name]:
            yield f"{name} has other bytes than in the undisturbed run"
    for item in sorted(mine.entries.keys() | theirs.entries.keys()):
        if mine.entries.get(item) != theirs.entries.get(item):
            yield f"dvc.lock says something else of {item} than after the undisturbed run"


def run(
    place: Path, kills: int, seed: int, report: Callable[[str], None], targets: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Kill so many times, then run undisturbed in `place`/undisturbed, and compare; the figures."""
    tally, moments, began = Tally(), random.Random(seed), time.monotonic()
    passes: list[Made] = []
    while len(tally.killed) < kills:
        folder = place / f"pass{len(passes) + 1}"
        shutil.rmtree(folder, ignore_errors=True)
        one = Disturbed(scratch.clone(folder), targets, tally, moments, report)
        try:
            while len(tally.killed) < kills and one.kill(victims.WHOM[len(tally.killed) % len(victims.WHOM)]):
                pass
            passes.append(one.finish())
        except Ended:
            break
        finally:
            one.stop()
        report(f"pass {tally.passes}: all is up to date after {len(tally.killed)} kills")
    seconds = round(time.monotonic() - began, 1)
    report("the same undisturbed")
    undisturbed(place / "undisturbed", targets)
    right = made(place / "undisturbed")
    for number, mine in enumerate(passes, 1):
        tally.faults += [f"pass {number}: {each}" for each in differences(mine, right)]
        tally.compared += len(mine.files)
    return {**tally.figures(), "seconds": seconds}
