"""Our training loop timed against the published procedure: same networks, batch and steps, in turns, in one run.

Published: one process with all cores as threads, float32, its batches ready in memory. Ours: a process per core with
one thread each, all at work at once, drawing their batches as a training does; that is how `retort repro` runs.
"""

from __future__ import annotations

import importlib.util
import statistics
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch

from retort.benches.side_by_side import BenchError, ask, steppers
from stages.distillations import euclidean, none
from stages.families import stargan
from stages.learning import devices, paced, training
from stages.learning.contracts import Draw, Networks, Role, Side
from stages.learning.problems import Domain, Problem
from stages.learning.teaching import Teaching
from stages.settings import machine, specs
from stages.settings.rows import Schedule
from stages.storage import prepared

REFERENCE = Path(__file__).resolve().parents[2] / "tests/reference/published_procedure.py"
LABELS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
IMAGES = 64
FOREVER = 10_000_000
PEAK_SIDE = 1024


@dataclass(frozen=True)
class Case:
    """What is trained on both sides; a student is taught FR5OUT by a teacher of twice its width and blocks."""

    role: Literal["teacher", "student"]
    resolution: int
    width: int
    critic_width: int
    batch: int
    rounds: int
    blocks: int = 6
    critic_steps: int = 5

    def large(self) -> stargan.Spec:
        """The published generator at this width and resolution."""
        sizes = {"width": self.width, "blocks": self.blocks, "critic_width": self.critic_width}
        return stargan.make_spec(sizes, len(LABELS), 1, self.resolution)

    def trained(self) -> stargan.Spec:
        """The network that is trained."""
        smaller = {"width": self.width // 2, "blocks": self.blocks // 2}
        return specs.shrink(self.large(), smaller if self.role == "student" else {})


SIZES = {
    32: {"width": 32, "critic_width": 32, "batch": 16, "rounds": 5},
    64: {"width": 32, "critic_width": 32, "batch": 16, "rounds": 2},
    # The published widths; an eighth of the published batch, so that the comparison takes a minute and not ten.
    128: {"width": 64, "critic_width": 64, "batch": 2, "rounds": 1},
}


def cases(resolutions: list[int], rounds: int | None, batch: int | None) -> Iterator[Case]:
    """The default cases of some resolutions, teacher and student, with another number of rounds or batch if given."""
    changes = {name: value for name, value in (("rounds", rounds), ("batch", batch)) if value is not None}
    for resolution in resolutions:
        for role in ("teacher", "student"):
            yield Case(role=role, resolution=resolution, **{**SIZES[resolution], **changes})  # type: ignore[arg-type]


def reference() -> ModuleType:
    """The transcription, which lives with the tests."""
    description = importlib.util.spec_from_file_location("published_procedure", REFERENCE)
    if not REFERENCE.is_file() or description is None or description.loader is None:
        raise BenchError(f"{REFERENCE} is not there; time from a complete checkout of the repository")
    module = importlib.util.module_from_spec(description)
    description.loader.exec_module(module)
    return module


def schedule(case: Case) -> Schedule:
    """The published one, for our loop."""
    return Schedule(
        steps=FOREVER,
        batch=case.batch,
        learning_rate=1e-4,
        critic_learning_rate=1e-4,
        betas=[0.5, 0.999],
        decay_from=0.5,
        decay="linear",
        average=0.0,
        flip=True,
    )


def play(case: Case) -> stargan.Play:
    """The published way to play."""
    return stargan.Play(critic_steps=case.critic_steps, targets="permuted", augment="none")


def problem(case: Case) -> Problem:
    """Noise with random labels: what an image shows does not change what it costs."""
    random = np.random.default_rng(0)
    images = random.integers(256, size=(IMAGES, case.resolution, case.resolution, 3), dtype=np.uint8)
    labels = random.integers(2, size=(IMAGES, len(LABELS)), dtype=np.uint8)
    domain = Domain(
        split=prepared.Split(images, labels, None, None),
        name="noise",
        names=LABELS,
        columns=tuple(range(len(LABELS))),
        known=slice(0, len(LABELS)),
        kind="attributes",
        exclusive=(),
        mask=(),
        labels=len(LABELS),
    )
    return Problem((domain,))


def feed(case: Case) -> Draw:
    """Batches of that noise, drawn as a training draws them."""
    return stargan.feed(problem(case), schedule(case), play(case), seed=0)


def lessons(case: Case, networks: Networks, teacher: Networks | None) -> dict[Role, Teaching]:
    """FR5OUT for the generator of a student, nothing otherwise."""
    taught = {role: none.objective(Side({}, {}), Side({}, {})) for role in stargan.ROLES}
    if teacher is not None:
        sides = [
            Side(pair, stargan.taps(spec, "generator"))
            for pair, spec in ((teacher, case.large()), (networks, case.trained()))
        ]
        match = {f"res{case.blocks - 1}": f"res{case.trained().blocks - 1}", "image": "image"}
        taught["generator"] = euclidean.objective(*sides, match=match, weight=10.0)
    return {role: Teaching(lesson, paced.of(paced.CONSTANT, {})) for role, lesson in taught.items()}


def ours(case: Case, precision: str) -> Callable[[], object]:
    """One step of our loop per call."""
    place, plan = devices.choose("cpu", precision), schedule(case)
    networks, teacher = stargan.build(case.trained()), None
    if case.role == "student":
        teacher = {name: network.eval().requires_grad_(False) for name, network in stargan.build(case.large()).items()}
    taught = lessons(case, networks, teacher)
    game = stargan.game(networks, teacher, taught, stargan.Losses(), play(case), problem(case))
    steps = training.steps(training.prepare(game, plan), feed(case), plan, place)
    return lambda: next(steps)


def published(case: Case) -> Callable[[], object]:
    """One step of the published procedure per call."""
    procedure = reference().like(case.trained(), case.large() if case.role == "student" else None)
    drawn = [feed(case)(0, turn) for turn in range(case.critic_steps)]
    ready = [tuple(moment[name] for name in ("real", "label", "target", "mix")) for moment in drawn]
    return lambda: procedure.step(ready)


def summary(times: list[float], pipes: list[Connection]) -> dict[str, float]:
    """What a step of one side needs, and what all its processes do together."""
    step, counted = statistics.median(times), ask(pipes, "operations")
    operations = counted[0][0]
    return {
        "step_s": step,
        "step_s_least": min(times),
        "step_s_most": max(times),
        "steps_per_s_all_cores": len(pipes) / step,
        "gflop_per_step": operations / 1e9,
        "gflop_per_s": len(pipes) * operations / step / 1e9,
        "convolution_share": statistics.median(seconds for _, seconds in counted) / step,
    }


def compare(case: Case, theirs: list[Connection], mine: list[Connection], precision: str) -> dict[str, Any]:
    """Seconds per step of both sides, taken in turns."""
    sides = {"published": theirs, "ours": mine}
    times: dict[str, list[float]] = {side: [] for side in sides}
    ask(theirs, "prepare", published, case)
    ask(mine, "prepare", ours, case, precision)
    for _ in range(case.rounds):
        for side, pipes in sides.items():
            times[side].append(max(ask(pipes, "run")))
    ratio = statistics.median(slow / fast for slow, fast in zip(times["published"], times["ours"], strict=True))
    return {
        **asdict(case),
        **{side: summary(times[side], pipes) for side, pipes in sides.items()},
        "step_time_ratio": ratio,
        "throughput_ratio": len(mine) * ratio,
    }


def run(chosen: list[Case], precision: str, cores: int, report: Callable[[str], None]) -> dict[str, Any]:
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
            compared.append(compare(case, [theirs], mine, precision))
    for found in compared:
        for side, peak in peaks.items():
            found[side]["fraction_of_peak"] = found[side]["gflop_per_s"] * 1e9 / peak
        # What no implementation of these operations can surpass on this machine in our precision.
        found["throughput_ratio_at_peak"] = found["throughput_ratio"] / found["ours"]["fraction_of_peak"]
    return {
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
