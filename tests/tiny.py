"""Networks, moments and games small enough for a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

import numpy as np
import torch
import torch.nn.functional as F

from stages.blocks.intermediate import Euclidean
from stages.distillations import euclidean, none
from stages.families import classifier, stargan
from stages.learning import batches, paced, roles, training
from stages.learning.contracts import Family, Game, Moment, Networks, Role, Side
from stages.learning.devices import Place
from stages.learning.problems import Domain, Problem
from stages.learning.teaching import Teaching
from stages.settings.rows import Schedule
from stages.storage import prepared

PIXELS, LABELS = 16, 3
CPU = Place(torch.device("cpu"), "float32")
SCHEDULE = Schedule(
    steps=5,
    batch=2,
    learning_rate=1e-3,
    critic_learning_rate=1e-3,
    betas=[0.5, 0.999],
    decay_from=0.5,
    decay="linear",
    average=0.0,
    flip=False,
)
PLAY = stargan.Play(critic_steps=2, targets="permuted", augment="none")
TRANSLATOR, CLASSIFIER = cast(Family, stargan), cast(Family, classifier)


def translator(**changes: Any) -> stargan.Spec:  # noqa: ANN401 - fields of the spec
    """The spec of a StarGAN."""
    fields = {"labels": LABELS, "classes": LABELS, "resolution": PIXELS, "width": 4, "blocks": 2, "critic_width": 4}
    return stargan.Spec(**{**fields, **changes})


def translators(spec: stargan.Spec | None = None, seed: int = 0) -> Networks:
    """Both networks of a StarGAN, the same for the same seed."""
    torch.manual_seed(seed)
    return stargan.build(spec or translator())


def classes(**changes: Any) -> classifier.Spec:  # noqa: ANN401 - fields of the spec
    """The spec of a classifier."""
    small = {"labels": 4, "classes": 4, "resolution": 8, "network": "convolutional", "filters": 4, "dense": 8}
    return classifier.Spec(**{**small, "hidden": 6, **changes})


def classifiers(spec: classifier.Spec | None = None, seed: int = 0) -> Networks:
    """A classifier, the same for the same seed."""
    torch.manual_seed(seed)
    return classifier.build(spec or classes())


def frozen(networks: Networks) -> Networks:
    """As a teacher comes from its checkpoint."""
    return {name: network.eval().requires_grad_(False) for name, network in networks.items()}


def faces(step: int, turn: int, count: int = 2) -> Moment:
    """Noise with random labels, from (step, turn) alone."""
    noise = torch.Generator().manual_seed(1000 * step + turn)
    label = torch.randint(0, 2, (count, LABELS), generator=noise).float()
    real = torch.rand(count, 3, PIXELS, PIXELS, generator=noise) * 2 - 1
    mix = torch.rand(count, 1, 1, 1, generator=noise)
    tensors = {"real": real, "label": label, "target": 1 - label, "mix": mix}
    return Moment(tensors, batches.seed_of(mix), step, SCHEDULE.steps)


def digits(step: int, turn: int = 0, count: int = 12, labels: int = 4) -> Moment:  # noqa: ARG001 - a Draw
    """Grey noise with one label each, from the step alone."""
    noise = torch.Generator().manual_seed(step)
    label = F.one_hot(torch.randint(labels, (count,), generator=noise), labels).float()
    real = torch.rand(count, 1, 8, 8, generator=noise).expand(-1, 3, -1, -1) * 2 - 1
    seed = batches.seed_of(torch.rand(count, 1, 1, 1, generator=noise))
    return Moment({"real": real, "label": label}, seed, step, SCHEDULE.steps)


def problem(
    labels: int = LABELS, kind: Literal["attributes", "expressions", "classes"] = "attributes", pixels: int = PIXELS
) -> Problem:
    """One data set of a single black image."""
    split = prepared.Split(np.zeros((1, pixels, pixels, 3), np.uint8), np.zeros((1, labels), np.uint8), None, None)
    names = tuple(f"label{index}" for index in range(labels))
    domain = Domain(split, "noise", names, tuple(range(labels)), slice(0, labels), kind, (), (), labels)
    return Problem((domain,))


def side(networks: Networks, role: Role = "generator") -> Side:
    """One side of a lesson for a role, of networks that know their spec or of a critic beside one that does."""
    kept: Any = networks["generator" if "generator" in networks else "classifier"]
    return roles.side(CLASSIFIER if "classifier" in networks else TRANSLATOR, kept.spec, networks, role)


def euclidean_lesson(
    teacher: Networks,
    student: Networks,
    match: dict[str, str],
    role: Role = "generator",
    **settings: Any,  # noqa: ANN401
) -> Euclidean:
    """A Euclidean lesson between two networks of any width."""
    given = {"match": match, "weight": 1.0, **settings}
    return cast(Euclidean, euclidean.objective(side(teacher, role), side(student, role), **given))


def teaching(
    lesson: torch.nn.Module | None = None,
    pace: str = paced.CONSTANT,
    family: Family | None = None,
    **settings: Any,  # noqa: ANN401 - of the pace
) -> Teaching:
    """A lesson, by default the empty one, at a pace; with a family it is for the networks that are kept."""
    lesson = lesson or none.objective(Side({}, {}), Side({}, {}))
    places = (family.OUTPUT, family.RIVALS) if family else ((), ())
    return Teaching(lesson, paced.of(pace, settings), *places)


def adversarial(
    student: Networks,
    teacher: Networks | None = None,
    lessons: Mapping[Role, Teaching] | None = None,
    losses: stargan.Losses | None = None,
) -> Game:
    """StarGAN's game with lessons, by default none."""
    both: dict[Role, Teaching] = {"generator": teaching(), "discriminator": teaching(), **(lessons or {})}
    return stargan.game(student, teacher, both, losses or stargan.Losses(), PLAY, problem())


def supervised(
    student: Networks, teacher: Networks | None = None, lesson: Teaching | None = None, **losses: float
) -> Game:
    """A classifier's game with its lesson, by default none."""
    lessons: dict[Role, Teaching] = {"generator": lesson or teaching()}
    given = classifier.Losses(**losses)
    return classifier.game(student, teacher, lessons, given, classifier.Play(), problem(4, "classes", 8))


def trained(game: Game, draw: Any, schedule: Schedule = SCHEDULE) -> list[dict[str, float]]:  # noqa: ANN401 - a Draw
    """The losses of every step of a training."""
    return [losses for _, losses in training.steps(training.prepare(game, schedule), draw, schedule, CPU)]
