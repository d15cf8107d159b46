"""Where the workers are: processes of this machine, a cluster that somebody started, or jobs of a queueing system."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask
from distributed import Client, Nanny, Scheduler, SpecCluster
from distributed.security import Security

from retort.engine.clones import CLONES
from retort.engine.graph import GraphError
from retort.engine.where import LOCAL_HOSTS, LOOPBACK, REACH_S, Certificates, Jobs, Where, jobs
from retort.engine.workers import CPU, GPU, HERE, PRELOAD, SILENT, UNMEASURED, gpus, quiet, secured, specified, worker
from stages.settings import paths

UNLIMITED = 1_000_000_000
REPLACE_S = 30.0
STARTS = 3
"""How often workers of this machine are started before that counts as impossible."""


class ClusterError(GraphError):
    """The workers cannot be had; the message says why."""


@dataclass(frozen=True)
class Crew:
    """A connection to a scheduler, and what keeps the number of its workers."""

    client: Client
    keep: Callable[[], object] = lambda: None


def settings(durations: Mapping[str, float], dashboard: bool) -> dict[str, Any]:
    """What Dask is told for a scheduler of ours.

    Whether an item is given up after its workers died is the driver's to say, who knows of checkpoints. How long items
    take is known from earlier runs. Without a dashboard nothing is served, nor measured for it.
    """
    silent = () if dashboard else ("scheduler", "worker")
    unmeasured = {} if dashboard else UNMEASURED
    return {
        **unmeasured,
        "distributed.scheduler.allowed-failures": UNLIMITED,
        "distributed.scheduler.worker-saturation": 1.0,
        "distributed.scheduler.default-task-durations": {stage: f"{each:.3f}s" for stage, each in durations.items()},
        **{f"distributed.{each}.http.routes": [] for each in silent},
    }


def opened(where: Where, durations: Mapping[str, float]) -> AbstractContextManager[Crew]:
    """The workers that were asked for."""
    if where.dashboard and not find_spec("bokeh"):
        raise ClusterError("--dashboard draws with bokeh, which is not installed: pip install bokeh")
    if where.queue:
        return queued(where, jobs(where.cluster_file), durations)
    return joined(where) if where.scheduler else local(where, durations)


@contextmanager
def local(where: Where, durations: Mapping[str, float]) -> Iterator[Crew]:
    """Worker processes of this machine, all in the driver's tree; nobody else can reach them.

    They listen on the loopback interface. As every user of a machine reaches that, they also ask for a certificate that
    exists only in the memory of this run.
    """
    security, devices = Security.temporary(), gpus()
    options = {"host": LOOPBACK, "security": security}
    scheduler = {**options, "dashboard": where.dashboard, "dashboard_address": f"{LOOPBACK}:0"}
    workers = {number: specified(number, devices, {CPU: 1.0, HERE: 1.0}, **options) for number in range(where.jobs)}
    with quiet(), dask.config.set(settings(durations, where.dashboard)):
        cluster = begun(workers, {"cls": Scheduler, "options": scheduler}, security)
        with cluster, Client(cluster, set_as_default=False) as client:
            yield Crew(client)


def begun(workers: Mapping[int, Any], scheduler: Mapping[str, Any], security: Security) -> SpecCluster:
    """A cluster of this machine, begun again where a worker is killed while it starts."""
    for start in range(STARTS):
        try:
            return SpecCluster(workers, scheduler, security=security, silence_logs=SILENT)
        except (OSError, RuntimeError) as error:
            if start + 1 == STARTS:
                raise ClusterError(f"the workers of this machine cannot be started: {error}") from None
    raise AssertionError


@contextmanager
def joined(where: Where) -> Iterator[Crew]:
    """A cluster that somebody started; this process adds one worker for what runs in the driver's tree."""
    security = secured(where.certificates, where.scheduler)
    with quiet():
        try:
            client = Client(where.scheduler, security=security, timeout=REACH_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError, TypeError) as error:
            raise ClusterError(f"{where.scheduler} cannot be reached: {error or type(error).__name__}") from None
        host = LOOPBACK if urlsplit(where.scheduler).hostname in LOCAL_HOSTS else None
        with client, at_home(client, security, host):
            yield Crew(client)


@contextmanager
def at_home(client: Client, security: Security, host: str | None) -> Iterator[None]:
    """A worker of this process, in the driver's tree, beside those that are elsewhere."""

    address = client.scheduler_info()["address"]

    async def start() -> Nanny:
        return await Nanny(address, **worker(0, gpus(), {HERE: 1.0}, security=security, host=host))

    nanny = client.sync(start)
    try:
        yield
    finally:
        client.sync(nanny.close)


@contextmanager
def queued(where: Where, wanted: Jobs, durations: Mapping[str, float]) -> Iterator[Crew]:
    """Jobs of a queueing system, over TLS with certificates of this run alone."""
    make = cluster_class(where.queue)
    with quiet(), issued() as security, dask.config.set(settings(durations, where.dashboard)):
        try:
            cluster = make(**arguments(wanted, security, where.dashboard))
        except (TypeError, ValueError, OSError, RuntimeError) as error:
            raise ClusterError(f"{where.queue} cannot be asked for jobs: {error}") from None
        try:
            ask(cluster, where.queue, wanted.jobs)
            with Client(cluster, set_as_default=False) as client, at_home(client, security, None):
                yield Crew(client, Replacing(cluster, wanted.jobs))
        finally:
            # Dask's own, about jobs that never began.
            with suppress(AssertionError):
                cluster.close()


def ask(cluster: Any, queue: str, jobs: int) -> None:  # noqa: ANN401 - dask-jobqueue's
    """Ask for jobs, and wait until the queueing system has taken them or said why not."""
    while len(cluster.worker_spec) < jobs:
        cluster.worker_spec.update(cluster.new_worker_spec())
    try:
        cluster.sync(cluster._correct_state)
    except (RuntimeError, OSError) as error:
        said = str(error).rpartition("stderr:")[2].strip() or type(error).__name__
        raise ClusterError(f"{queue} takes no job: {said}") from None


@contextmanager
def issued() -> Iterator[Security]:
    """Certificates for one run, in a folder of this tree that only its user can read; jobs find them there."""
    made = Security.temporary()
    with tempfile.TemporaryDirectory(prefix="tls-", dir=paths.STATE.absolute()) as folder:
        certificate, key = Path(folder) / "certificate.pem", Path(folder) / "key.pem"
        certificate.write_text(made.tls_ca_file, encoding="ascii")
        key.write_text(made.tls_client_key, encoding="ascii")
        yield secured(Certificates(certificate, certificate, key), "tls:")


def cluster_class(queue: str) -> Callable[..., Any]:
    """The class of dask-jobqueue for a queueing system."""
    if not find_spec("dask_jobqueue"):
        raise ClusterError("jobs are asked for with dask-jobqueue, which is not installed: pip install dask-jobqueue")
    import dask_jobqueue

    names = {name.removesuffix("Cluster").lower(): name for name in dir(dask_jobqueue) if name.endswith("Cluster")}
    del names["jobqueue"]
    if queue not in names:
        raise ClusterError(f"dask-jobqueue knows no {queue!r}, but {', '.join(sorted(names))}")
    made: Callable[..., Any] = getattr(dask_jobqueue, names[queue])
    return made


def arguments(wanted: Jobs, security: Security, dashboard: bool) -> dict[str, Any]:
    """What the class of dask-jobqueue is called with."""
    state = paths.STATE.absolute()
    announced = [f"{CPU}=1", *([f"{GPU}=1"] if wanted.gpus_per_job else [])]
    clones = [f"export {CLONES}={wanted.clones}"] if wanted.clones else []
    unmeasured = [f"export {environment_name(key)}={value}" for key, value in UNMEASURED.items()]
    optional = {"queue": wanted.queue, "account": wanted.account, "interface": wanted.interface}
    return {
        "cores": wanted.workers_per_job,
        "processes": wanted.workers_per_job,
        "memory": wanted.memory,
        "walltime": wanted.walltime,
        "job_extra_directives": wanted.directives,
        "job_script_prologue": [*unmeasured, *wanted.prologue, *clones],
        "worker_extra_args": [
            *("--resources", f"'{' '.join(announced)}'", "--memory-limit", "0", "--no-dashboard", "--preload", PRELOAD)
        ],
        "security": security,
        "log_directory": str(paths.logs().absolute() / "jobs"),
        "local_directory": str(state),
        "scheduler_options": {"dashboard": dashboard, "dashboard_address": f"{LOOPBACK}:0"},
        "silence_logs": "critical",
        **{name: value for name, value in optional.items() if value is not None},
        **wanted.options,
    }


def environment_name(key: str) -> str:
    """How a setting of Dask is called in the environment."""
    return "DASK_" + key.upper().replace(".", "__").replace("-", "_")


class Replacing:
    """Asks again, now and then, for the jobs that have ended since."""

    def __init__(self, cluster: Any, jobs: int) -> None:  # noqa: ANN401 - dask-jobqueue's
        self.cluster, self.jobs, self.asked = cluster, jobs, time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self.asked > REPLACE_S:
            self.asked = time.monotonic()
            self.cluster.scale(jobs=self.jobs)
