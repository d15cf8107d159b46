"""A Dask cluster of this machine whose workers have clones of their own, as workers of other machines have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from distributed.security import Security

from retort.commands import repro as command
from retort.engine.where import Certificates, Where
from tests.small_graph import PROJECT

QUIET = ("-W", "ignore::RuntimeWarning:runpy")


def until(condition: Callable[[], object]) -> None:
    """Wait for something that must happen within a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def environment(**more: str) -> dict[str, str]:
    """This interpreter first on the path, and this project's code wherever a process starts."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {**os.environ, "PATH": path, "PYTHONPATH": str(PROJECT), **more}


PLAIN = Certificates()


@dataclass
class Cluster:
    """A scheduler and workers, each a process."""

    address: str
    scheduler: subprocess.Popen[str]
    workers: list[subprocess.Popen[str]]
    certificates: Certificates


@contextmanager
def cluster(folder: Path, workers: int, certificates: Certificates = PLAIN, **more: str) -> Iterator[Cluster]:
    """A scheduler that listens on this machine alone, and workers whose clones are in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    files = {"ca-file": certificates.ca_file, "cert": certificates.certificate, "key": certificates.key}
    secured = [word for name, path in files.items() if path for word in (f"--tls-{name}", str(path))]
    started: list[subprocess.Popen[str]] = []

    def process(*arguments: str, name: str) -> subprocess.Popen[str]:
        with (folder / f"{name}.log").open("w", encoding="utf-8") as log:
            started.append(
                subprocess.Popen(
                    [sys.executable, *QUIET, *arguments],
                    cwd=folder,
                    env=environment(**more),
                    stdout=log,
                    stderr=log,
                    text=True,
                )
            )
        return started[-1]

    def worker(number: int) -> subprocess.Popen[str]:
        own = ("-j", "1", "--clones", str(folder / "clones"), *secured)
        begun = process("-m", "retort", "worker", address, *own, name=f"worker-{number}")
        until(lambda: "at work" in (folder / f"worker-{number}.log").read_text(encoding="utf-8"))
        return begun

    try:
        protocol = ("--protocol", "tls") if secured else ()
        scheduler = process("-m", "distributed.cli.dask_scheduler", *options, *protocol, *secured, name="scheduler")
        until(lambda: file.exists() and file.read_text(encoding="utf-8"))
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        yield Cluster(address, scheduler, [worker(number) for number in range(workers)], certificates)
    finally:
        for each in reversed(started):
            end(each)


def end(process: subprocess.Popen[str]) -> None:
    """Kill a process and what it has started."""
    if process.poll() is None:
        for each in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            if each.is_running():
                each.kill()
    process.wait()


def repro(cluster: Cluster, *targets: str, remote: str = "") -> int:
    """The command, on that cluster."""
    at = Where(1, scheduler=cluster.address, certificates=cluster.certificates, remote=remote)
    return command.started(list(targets), at, lambda: None)


def clones(folder: Path) -> list[Path]:
    """The clones that the workers of a cluster made."""
    return sorted(path for path in folder.glob("clones/*/*") if path.is_dir())


def certificates(folder: Path) -> Certificates:
    """A certificate that signs itself, and its key."""
    folder.mkdir()
    made = Security.temporary()
    (folder / "cert.pem").write_text(made.tls_ca_file, encoding="utf-8")
    (folder / "key.pem").write_text(made.tls_client_key, encoding="utf-8")
    return Certificates(folder / "cert.pem", folder / "cert.pem", folder / "key.pem")
