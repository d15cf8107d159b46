"""Rows of one student and lesson at several paces, and records of trainings whose cosine falls as we say."""

from __future__ import annotations

from typing import Any

from stages.learning import paced
from stages.learning.pacing import Paced
from stages.settings import paths
from stages.settings.rows import VariantRow
from tests import judged

STEPS, EVERY = 1000, 50
LEARNT = {"generator": "euclidean", "discriminator": "none"}
CONSTANT = {"generator": "constant", "discriminator": "constant"}
AT = {
    "whole": ("constant", {}),
    "half": ("constant", {"factor": 0.5}),
    "linear": ("linear", {}),
    "mirrored": ("linear", {"reverse": True}),
    "early": ("linear", {"end": 0.3}),
    "conflict": ("conflict", {}),
}
"""Name of each taught row -> its pace and the settings of that."""
START = 0.3
"""The cosine at the first step."""


def content(*seeds: int) -> dict[str, Any]:
    """The smallest params, their students longer trained: one untaught, the others taught at several paces."""
    found = judged.content()
    found["schedules"] |= {"short": {**found["schedules"]["short"], "steps": STEPS}}
    found["schedules"]["level"] = {**found["schedules"]["short"], "decay_from": 1.0}
    teacher, plain = found["variants"]["teacher"], {**found["variants"]["plain"], "seeds": list(seeds)}
    lesson = {"distill": LEARNT, "generator_lesson": {"match": {"image": "image"}, "weight": 10.0}, "evidence": EVERY}
    taught = {
        name: {**plain, **lesson, "pace": {**CONSTANT, "generator": pace}, "generator_pace": settings}
        for name, (pace, settings) in AT.items()
    }
    level = {**taught["linear"], "schedule": "level"}
    found["variants"] = {"teacher": teacher, "plain": plain, **taught, "level": level}
    return found


def recorded(name: str, row: VariantRow, seed: int, fall: float) -> None:
    """The curve of a training whose cosine falls by so much, with a little noise that differs between seeds."""
    pace = paced.of(row.pace.generator, row.generator_pace)
    lines = ["step\tgenerator/adversarial\tevidence/weight\tevidence/lesson_norm\tevidence/game_norm\tevidence/cosine"]
    for step in range(5, STEPS + 1, 5):
        if step % EVERY:
            lines.append(f"{step}\t1\t\t\t\t")
            continue
        weight = pace.weight(min(step, STEPS - 1), STEPS) if isinstance(pace, Paced) else 1 - 0.4 * step / STEPS
        wobble = 0.02 * ((step // EVERY + seed) % 2) + 0.01 * seed
        cosine = START - fall * step / STEPS + wobble
        lines.append(f"{step}\t1\t{weight:g}\t{2 + 0.1 * seed:g}\t4\t{cosine:.6f}")
    file = paths.student_curve(name, seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
