"""Commands called again and again, each in a process of its own that is forked from one that has imported everything.

As a program this is that one: it reads orders, a JSON list and a limit in seconds a line, and answers each with a line.
"""

from __future__ import annotations

import json
import os
import resource
import runpy
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from retort.benches import programs
from retort.benches.faults import scratch
from retort.benches.side_by_side import BenchError
from stages.settings import members

IMPORTED: tuple[str, ...] = (
    "torch",
    "onnxruntime",
    "dvc.repo",
    "rich.table",
    "rich.traceback",
    "PIL.Image",
    "scipy.stats",
    "retort.commands",
    "retort.checking.params",
    "retort.trying.trying",
    "retort.trying.sheets",
    "retort.verification.verifying",
    "stages.exporting.making",
    "stages.gather_results",
    "stages.build_teachers",
)
"""What commands import and what takes long; none of it keeps anything of a folder."""
END = 10_000
"""How much of the beginning and of the end of a long output is kept."""


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit status, or minus the signal; its output; seconds; the most memory it had."""

    status: int
    output: str
    seconds: float
    megabytes: float
    late: bool


def command(words: Sequence[str]) -> None:
    """`retort …`, or `python -m stages…`."""
    if words[0] == "retort":
        from retort.commands import app

        sys.argv = list(words)
        app()
        return
    sys.argv = list(words)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def child(words: Sequence[str], output: int) -> None:
    """What a forked process does; it never returns."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    status = 0
    try:
        command(words)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def carried_out(words: Sequence[str], limit_s: float) -> Answer:
    """One command, killed after its limit."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            child(words, output.fileno())
        late = False
        while True:
            done, status, usage = os.wait4(pid, os.WNOHANG)
            if done:
                break
            if not late and time.monotonic() - began > limit_s:
                late = True
                os.kill(pid, 9)
            time.sleep(0.005)
        seconds = time.monotonic() - began
        output.seek(0)
        content = output.read()
        text = (content if len(content) < 2 * END else content[:END] + content[-END:]).decode("utf-8", "replace")
    return Answer(os.waitstatus_to_exitcode(status), text, seconds, usage.ru_maxrss / 1024, late)


class Feeder:
    """The process that forks, at work in a folder."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def __call__(self, words: Sequence[str], limit_s: float) -> Answer:
        """How a command ends."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([list(words), limit_s]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise BenchError(f"the process that calls commands ended with {self.process.wait()}")
        return Answer(**json.loads(line))


@contextmanager
def at_work(folder: Path, imported: Sequence[str] = IMPORTED) -> Iterator[Feeder]:
    """Commands of this project, called in a folder; with all members of all axes where anything is imported before."""
    more = {"PYTHONPATH": str(scratch.PROJECT), "PYTHONSAFEPATH": "1", "NO_COLOR": "1", "COLUMNS": "200"}
    with subprocess.Popen(
        [sys.executable, "-m", "retort.benches.faults.feeding", *imported],
        cwd=folder,
        env=programs.environment(**more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Feeder(process)
        finally:
            process.kill()


def main(imported: Sequence[str]) -> None:
    """Import, then answer orders until there are no more."""
    for name in imported:
        import_module(name)
    for axis in members.AXES if imported else ():
        for name in members.names(axis):
            members.load(axis, name)
    # A command that crashes leaves no core behind.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        words, limit_s = json.loads(line)
        print(json.dumps(asdict(carried_out(words, limit_s))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
