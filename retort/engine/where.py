"""On which workers items run, as the command line and a small file say; what is wrong with that, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from retort.engine.graph import GraphError

LOOPBACK = "127.0.0.1"
REACH_S = 15
"""How long a scheduler has to answer."""
LOCAL_HOSTS = {LOOPBACK, "localhost", "::1"}
EXAMPLE = """\
jobs: 8                  # how many jobs; a job that ends, by its wall time or otherwise, is replaced
workers_per_job: 1       # each brings one item at a time up to date, on one thread
memory: 8GB              # of a job
walltime: "04:00:00"
queue: main              # SLURM's partition
account: null
gpus_per_job: 0          # 1 where params say `run: {device: cuda}`; then workers_per_job must be 1
directives: []           # further lines of the job script, such as --gres=gpu:1 or --constraint=avx512
prologue: []             # shell commands before a worker starts, such as `module load git`
interface: null          # the network interface by which jobs reach this machine, such as ib0
clones: null             # the folder in which workers make their clones of this tree; in the user's cache otherwise
options: {}              # anything else that the class of dask-jobqueue takes
"""


class Jobs(BaseModel):
    """What a queueing system is asked for."""

    model_config = ConfigDict(extra="forbid", strict=True)

    jobs: Annotated[int, Field(ge=1)]
    workers_per_job: Annotated[int, Field(ge=1)] = 1
    memory: str
    walltime: str = "01:00:00"
    queue: str | None = None
    account: str | None = None
    gpus_per_job: Annotated[int, Field(ge=0, le=1)] = 0
    directives: list[str] = []
    prologue: list[str] = []
    interface: str | None = None
    clones: str | None = None
    options: dict[str, Any] = {}


@dataclass(frozen=True)
class Certificates:
    """The files of a TLS connection; what is not given here is taken from Dask's own configuration."""

    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Refuse files that are not there."""
        for file in (self.ca_file, self.certificate, self.key):
            if file and not file.is_file():
                raise GraphError(f"there is no file {file}")


@dataclass(frozen=True)
class Where:
    """On which workers items run."""

    jobs: int
    scheduler: str = ""
    queue: str = ""
    cluster_file: Path = Path("cluster.yaml")
    certificates: Certificates = Certificates()
    insecure: bool = False
    remote: str = ""
    dashboard: bool = False

    @property
    def far(self) -> bool:
        """Whether there are workers outside this tree."""
        return bool(self.scheduler or self.queue)

    def check(self) -> None:
        """Refuse what cannot be, before anything is started."""
        if self.scheduler and self.queue:
            raise GraphError("--scheduler joins a cluster and --queue starts one; choose")
        if self.scheduler:
            check_address(self.scheduler, self.insecure)
            self.certificates.check()
        if self.queue:
            jobs(self.cluster_file)


def check_address(address: str, insecure: bool) -> None:
    """Refuse an address of a scheduler that is none, or that anybody could reach."""
    parts = urlsplit(address)
    try:
        complete = bool(parts.hostname and parts.port)
    except ValueError:
        complete = False
    if parts.scheme not in ("tls", "tcp") or not complete:
        raise GraphError(f"{address!r} is no address of a Dask scheduler, which looks like tls://HOST:8786")
    if parts.scheme == "tcp" and parts.hostname not in LOCAL_HOSTS and not insecure:
        raise GraphError(
            f"{address} is plain TCP: whoever reaches that port, or a worker's, can run any code as you and reads all "
            "that travels. Start scheduler and workers with TLS certificates, or say --insecure if nobody else is in "
            "that network"
        )


def jobs(file: Path) -> Jobs:
    """What the small file says."""
    if not file.is_file():
        raise GraphError(f"there is no {file}, which says what jobs to ask for. For example:\n\n{EXAMPLE}")
    try:
        content = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
        found = Jobs.model_validate(content)
    except (YAMLError, UnicodeDecodeError) as error:
        raise GraphError(f"{file} is not YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise GraphError(f"{file}: {place}: {first['msg']}. For example:\n\n{EXAMPLE}") from None
    if found.gpus_per_job and found.workers_per_job > 1:
        raise GraphError(f"{file}: a job with a GPU has one worker, as one item has the GPU; set workers_per_job: 1")
    return found
