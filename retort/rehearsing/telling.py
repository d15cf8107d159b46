"""What a rehearsal found, as tables: of every training, of every system, and as a record that stays in git."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from retort.rehearsing.reckoning import Rehearsed, System, on_a_gpu
from stages.settings import paths

GIB = 1 << 30
BEGIN, END = "<!-- rehearsal:begin -->", "<!-- rehearsal:end -->"
"""Between these lines stands what other texts repeat."""
DAY, YEAR = 24.0, 24.0 * 365.25
EXA = 1e18
NAMES = {
    "stargan": "StarGAN",
    "cyclegan": "CycleGAN",
    "pix2pix": "pix2pix",
    "stylegan2": "StyleGAN2",
    "classifier": "small classifiers",
    "backbone": "backbones",
}
"""What readers call families."""


def record_file(scale: str) -> Path:
    """Where the record of a scale's rehearsal stays."""
    return paths.SCALES / f"{scale}-rehearsal.json"


def block_file(scale: str) -> Path:
    """Where the block for readers stays, which is made of the record."""
    return paths.SCALES / f"{scale}-rehearsal.md"


def record(
    about: Mapping[str, Any], found: Sequence[Rehearsed], systems: Sequence[System], tflops: float
) -> dict[str, Any]:
    """Everything that the tables say."""
    return {
        **about,
        "gpu_tflops": tflops,
        "systems": [
            {
                "family": each.family,
                "rehearsed": each.rehearsed,
                "trainings": each.trainings,
                "macs": each.macs,
                "step": step(each.slowest_step),
                "peak_bytes": each.peak_bytes,
                "core_hours_here": digits(each.hours),
                "gpu_hours": digits(on_a_gpu(each.macs, tflops)),
            }
            for each in systems
        ],
        "trainings": [training(each, tflops) for each in found],
    }


def step(each: Rehearsed) -> dict[str, Any]:
    """The step that took longest, of which training."""
    return {
        "item": each.item,
        "batch": each.batch,
        "published_batch": each.published_batch,
        "seconds": round(each.step_seconds, 2),
    }


def training(each: Rehearsed, tflops: float) -> dict[str, Any]:
    """A training as the record holds it."""
    return {
        **asdict(each),
        "seconds": round(each.seconds, 2),
        "core_hours_here": digits(each.hours),
        "gpu_hours": digits(on_a_gpu(each.published_macs, tflops)),
    }


def text(content: Mapping[str, Any]) -> str:
    """A record as its file holds it, a training on each line."""
    parts = []
    for key, value in content.items():
        lines = (
            ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in value) if isinstance(value, list) else ""
        )
        parts.append(f" {json.dumps(key)}: " + (f"[\n{lines}\n ]" if lines else json.dumps(value, ensure_ascii=False)))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def digits(number: float) -> float:
    """Four significant digits."""
    return float(f"{number:.4g}")


def duration(hours: float) -> str:
    """Hours in the unit that suits them."""
    for unit, length in (("years", YEAR), ("days", DAY), ("hours", 1.0)):
        if hours >= 2 * length:
            return f"{short(hours / length)} {unit}"
    return f"{short(60 * hours)} minutes" if 60 * hours >= 1 else "under a minute"


def short(number: float) -> str:
    """Two significant digits, without an exponent."""
    return f"{float(f'{number:.2g}'):,g}" if number < 1e6 else f"{number:,.0f}"


def block(content: Mapping[str, Any]) -> str:
    """The table for readers, and what is said of it."""
    machine, rows = content["machine"], content["systems"]
    tflops = f"{content['gpu_tflops']:g}"
    heads = ("system", "trainings", "a step here", "memory", "one core here", f"a GPU of {tflops} TFLOP/s")
    lines = [heads, (":--", "--:", ":--", "--:", "--:", "--:"), *map(line, rows)]
    gpu, here = (sum(row[key] for row in rows) for key in ("gpu_hours", "core_hours_here"))
    told = (
        f"All trainings together: {duration(here)} of one such core, {duration(gpu)} of one such GPU. Rehearsed by "
        f"`retort rehearse {content['scale']}` with generated data and random weights, on {machine['cpu']} in "
        f"{content['precision']}, {content['date']}; examinations made {content['limits']['images']} images. The step "
        "is the system's longest, in the processor's time. A GPU's hours follow from multiplications alone: nothing "
        "ran on one."
    )
    rows_ = "".join(f"| {' | '.join(each)} |\n" for each in lines)
    return f"{BEGIN}\n{rows_}\n{told}\n{END}\n"


def line(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A system as readers see it."""
    one = row["step"]
    images = (
        f"{one['batch']}" if one["batch"] == one["published_batch"] else f"{one['batch']} of {one['published_batch']}"
    )
    return (
        NAMES.get(row["family"], row["family"]),
        str(row["trainings"]),
        f"{short(one['seconds'])} s, batch {images}",
        f"{row['peak_bytes'] / GIB:.1f} GiB",
        duration(row["core_hours_here"]),
        duration(row["gpu_hours"]),
    )


def table(found: Sequence[Rehearsed], tflops: float) -> list[tuple[str, ...]]:
    """Every training, as a screen shows it."""
    return [
        (
            each.item.partition("@")[2] if each.lesson != "teacher" else f"{each.item.partition('@')[2]} (teacher)",
            each.family,
            each.lesson,
            f"{each.resolution}",
            f"{each.batch} of {each.published_batch}",
            f"{each.step_seconds:.2f}",
            f"{each.peak_bytes / GIB:.1f}",
            f"{each.published_steps:,} × {each.published_trainings}",
            duration(each.hours),
            duration(on_a_gpu(each.published_macs, tflops)),
        )
        for each in found
    ]
