"""What `retort repro` runs calls nothing that only POSIX systems have: the README promises Windows too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ONLY_POSIX = {
    "os": {
        *(
            "fork",
            "forkpty",
            "killpg",
            "setsid",
            "setpgid",
            "setpgrp",
            "getpgid",
            "getpgrp",
            "getuid",
            "geteuid",
            "getgid",
        ),
        *("sysconf", "sched_getaffinity", "uname", "getloadavg", "mkfifo", "nice", "wait", "wait3", "wait4", "chown"),
        *("statvfs", "sync", "openpty", "ttyname", "WNOHANG", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY"),
    },
    "signal": {
        "SIGKILL",
        "SIGHUP",
        "SIGCHLD",
        "SIGSTOP",
        "SIGCONT",
        "SIGUSR1",
        "SIGUSR2",
        "SIGALRM",
        "SIGQUIT",
        "alarm",
    },
}
MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "posix", "syslog", "crypt"}
OPTIONS = {"start_new_session", "preexec_fn", "process_group", "pass_fds"}
FORKING = ("retort/commands/bench/faults.py", 'hasattr(os, "fork")')
ASKED_FOR_FIRST = {
    ("stages/settings/machine.py", "os.sched_getaffinity"): (
        "stages/settings/machine.py",
        'hasattr(os, "sched_getaffinity")',
    ),
    **{
        ("retort/benches/faults/feeding.py", call): FORKING
        for call in ("os.fork", "os.wait4", "os.WNOHANG", "resource")
    },
}
"""Used only where it is there: which file asks for it, and how."""


def found(source: str) -> Iterator[str]:
    """What a module calls that Windows does not have."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in ONLY_POSIX.get(node.value.id, ()):
                yield f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names}
            module = getattr(node, "module", None)
            yield from MODULES & {*names, module}
            yield from (f"{module}.{name}" for name in names & ONLY_POSIX.get(module or "", set()))
        elif isinstance(node, ast.keyword) and node.arg in OPTIONS:
            yield f"{node.arg}="


@pytest.mark.parametrize("package", ["retort", "stages"])
def test_nothing_is_called_that_only_posix_has(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    calls = {(file.relative_to(ROOT).as_posix(), name) for file in files for name in found(file.read_text("utf-8"))}
    assert calls <= ASKED_FOR_FIRST.keys()
    for call in calls:
        file, question = ASKED_FOR_FIRST[call]
        assert question in (ROOT / file).read_text(encoding="utf-8")


def test_the_search_finds_what_it_looks_for() -> None:
    source = "import os, fcntl\nfrom signal import SIGKILL\nos.killpg(1, SIGKILL)\nrun(a, start_new_session=True)\n"
    assert set(found(source)) == {"fcntl", "signal.SIGKILL", "os.killpg", "start_new_session="}
