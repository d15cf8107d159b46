"""Our training loop timed against the published procedure: same networks, batch and steps, in turns, in one run.

Published: one process with all cores as threads, float32, its batches ready in memory. Ours: a process per core with
one thread each, all at work at once, drawing their batches as a training does; that is how `retort repro` runs.
"""

from __future__ import annotations

import importlib
import importlib.util
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

import torch

from retort.benches.side_by_side import BenchError, ask, steppers
from stages.distillations import euclidean, none
from stages.learning import devices, paced, roles, training
from stages.learning.contracts import Draw, Family, Networks, Role, Side
from stages.learning.problems import Problem
from stages.learning.teaching import Teaching
from stages.settings import machine, specs
from stages.settings.rows import Schedule

CASES = Path(__file__).with_name("cases")
REFERENCES = Path(__file__).resolve().parents[2] / "tests/reference"
FOREVER = 10_000_000
PEAK_SIDE = 1024
LESSON = 10.0


class Case(Protocol):
    """What is trained on both sides: a frozen dataclass with these fields and what its family has besides."""

    @property
    def role(self) -> str: ...
    @property
    def resolution(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def critic_width(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def rounds(self) -> int: ...
    @property
    def cycle(self) -> int:
        """After how many steps the moves come round: a round takes as many."""
        ...

    def large(self) -> specs.Spec:
        """The networks of a teacher."""
        ...

    def trained(self) -> specs.Spec:
        """The networks that are trained."""
        ...

    def match(self) -> dict[str, str]:
        """The taps at which a student is compared with its teacher."""
        ...

    def play(self) -> object:
        """The published way to play."""
        ...

    def problem(self) -> Problem:
        """Images to train on."""
        ...

    def given(self, draw: Draw) -> tuple[Any, ...]:
        """What a step of the published procedure is given."""
        ...


class Cases(Protocol):
    """A file of `retort/benches/cases`, named as its family: the transcription, the published rate, the sizes."""

    FAMILY: Family
    REFERENCE: str
    RATE: float
    BETAS: list[float]
    SIZES: Mapping[int, Mapping[str, int]]
    Case: Callable[..., Case]


def families() -> list[str]:
    """The families that can be timed."""
    return sorted({file.stem for file in CASES.glob("*.py")} - {"__init__"})


def of(family: str) -> Cases:
    """The cases of a family."""
    return cast(Cases, importlib.import_module(f"retort.benches.cases.{family}"))


def cases(family: str, resolutions: list[int], rounds: int | None, batch: int | None) -> Iterator[Case]:
    """The default cases of some resolutions, teacher and student, with another number of rounds or batch if given."""
    changes = {name: value for name, value in (("rounds", rounds), ("batch", batch)) if value is not None}
    for resolution in resolutions:
        for role in ("teacher", "student"):
            yield of(family).Case(role=role, resolution=resolution, **{**of(family).SIZES[resolution], **changes})


def reference(name: str) -> ModuleType:
    """A transcription, which lives with the tests."""
    file = REFERENCES / f"{name}.py"
    description = importlib.util.spec_from_file_location(name, file)
    if not file.is_file() or description is None or description.loader is None:
        raise BenchError(f"{file} is not there; time from a complete checkout of the repository")
    module = importlib.util.module_from_spec(description)
    description.loader.exec_module(module)
    return module


def schedule(family: str, case: Case) -> Schedule:
    """The published one, for our loop."""
    return Schedule(
        steps=FOREVER,
        batch=case.batch,
        learning_rate=of(family).RATE,
        critic_learning_rate=of(family).RATE,
        betas=of(family).BETAS,
        decay_from=0.5,
        decay="linear",
        average=0.0,
        flip=True,
    )


def feed(family: str, case: Case) -> Draw:
    """Batches drawn as a training draws them."""
    return of(family).FAMILY.feed(case.problem(), schedule(family, case), case.play(), seed=0)


def lessons(member: Family, case: Case, networks: Networks, teacher: Networks | None) -> dict[Role, Teaching]:
    """The lesson of a student's generators, nothing otherwise."""
    taught = {role: none.objective(Side({}, {}), Side({}, {})) for role in member.ROLES}
    if teacher is not None:
        pairs = ((case.large(), teacher), (case.trained(), networks))
        sides = [roles.side(member, spec, held, "generator") for spec, held in pairs]
        taught["generator"] = euclidean.objective(*sides, match=case.match(), weight=LESSON)
    return {role: Teaching(lesson, paced.of(paced.CONSTANT, {})) for role, lesson in taught.items()}


def ours(family: str, case: Case, precision: str) -> Callable[[], object]:
    """One cycle of our loop per call."""
    place, plan, member = devices.choose("cpu", precision), schedule(family, case), of(family).FAMILY
    networks, teacher = member.build(case.trained()), None
    if case.role == "student":
        teacher = {name: network.eval().requires_grad_(False) for name, network in member.build(case.large()).items()}
    taught = lessons(member, case, networks, teacher)
    game = member.game(networks, teacher, taught, member.Losses(), case.play(), case.problem())
    steps = training.steps(training.prepare(game, plan), feed(family, case), plan, place)
    return lambda: [next(steps) for _ in range(case.cycle)]


def published(family: str, case: Case) -> Callable[[], object]:
    """One cycle of the published procedure per call, its batches ready in memory."""
    procedure = reference(of(family).REFERENCE).like(case.trained(), case.large() if case.role == "student" else None)
    ready = case.given(feed(family, case))
    return lambda: [procedure.step(*ready) for _ in range(case.cycle)]


def summary(times: list[float], pipes: list[Connection], cycle: int) -> dict[str, float]:
    """What a step of one side needs, and what all its processes do together."""
    step, counted = statistics.median(times), ask(pipes, "operations")
    operations = counted[0][0] / cycle
    return {
        "step_s": step,
        "step_s_least": min(times),
        "step_s_most": max(times),
        "steps_per_s_all_cores": len(pipes) / step,
        "gflop_per_step": operations / 1e9,
        "gflop_per_s": len(pipes) * operations / step / 1e9,
        "convolution_share": statistics.median(seconds for _, seconds in counted) / cycle / step,
    }


def compare(
    family: str, case: Case, theirs: list[Connection], mine: list[Connection], precision: str
) -> dict[str, Any]:
    """Seconds per step of both sides, taken in turns."""
    sides = {"published": theirs, "ours": mine}
    times: dict[str, list[float]] = {side: [] for side in sides}
    ask(theirs, "prepare", published, family, case)
    ask(mine, "prepare", ours, family, case, precision)
    for _ in range(case.rounds):
        for side, pipes in sides.items():
            times[side].append(max(ask(pipes, "run")) / case.cycle)
    ratio = statistics.median(slow / fast for slow, fast in zip(times["published"], times["ours"], strict=True))
    return {
        **asdict(cast(Any, case)),
        **{side: summary(times[side], pipes, case.cycle) for side, pipes in sides.items()},
        "step_time_ratio": ratio,
        "throughput_ratio": len(mine) * ratio,
    }


def run(family: str, chosen: list[Case], precision: str, cores: int, report: Callable[[str], None]) -> dict[str, Any]:
    """Every case; `report` is told what begins."""
    load = machine.load()
    if precision == "auto":
        precision = "bfloat16" if devices.native_bfloat16(torch.device("cpu")) else "float32"
    with steppers([cores, *[1] * cores]) as (theirs, *mine):
        report("peak of matrix products")
        kinds = {"published": ([theirs], torch.float32), "ours": (mine, getattr(torch, precision))}
        reached = [(kind, sum(ask(pipes, "multiply", PEAK_SIDE, kind))) for pipes, kind in kinds.values()]
        # The machine's, whether one process or one per core came nearer to it.
        peaks = {side: max(rate for each, rate in reached if each == kind) for side, (_, kind) in kinds.items()}
        compared = []
        for case in chosen:
            report(f"{case.role} at {case.resolution} px, batch {case.batch}")
            compared.append(compare(family, case, [theirs], mine, precision))
    for found in compared:
        for side, peak in peaks.items():
            found[side]["fraction_of_peak"] = found[side]["gflop_per_s"] * 1e9 / peak
        # What no implementation of these operations can surpass on this machine in our precision.
        found["throughput_ratio_at_peak"] = found["throughput_ratio"] / found["ours"]["fraction_of_peak"]
    return {
        "family": family,
        "machine": {
            "cpu": machine.cpu_model(),
            "cores": cores,
            "instruction_sets": machine.instruction_sets(),
            "torch": torch.__version__,
            "load_before": load,
        },
        "precision": {"published": "float32", "ours": precision},
        "matrix_product_peak_gflop_per_s": {side: peak / 1e9 for side, peak in peaks.items()},
        "cases": compared,
    }
