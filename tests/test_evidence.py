"""Whether lesson and game oppose each other: what is measured, where it is written, and that it moves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from stages.distillations import soft_labels, wavelet
from stages.families import backbone
from stages.learning import evidence, opposition, paced, resume, roles, training
from stages.learning.contracts import Draw, Family, Game, Moment, Parts, Player, Role, Seen
from stages.learning.evidence import PREFIX
from stages.learning.teaching import Teaching
from tests import tiny
from tests.tiny import CPU, SCHEDULE, faces, frozen, side, translator, translators

COLUMNS = {f"{PREFIX}{name}" for name in ("weight", "lesson_norm", "game_norm", "cosine")}


class Taught:
    """A training, its lesson, and what evidence is taken of."""

    def __init__(self, game: Game, teaching: Teaching, draw: Draw, fixed: Moment) -> None:
        self.game, self.teaching, self.draw, self.fixed = game, teaching, draw, fixed

    def recorder(self, every: int) -> evidence.Record:
        """A record every so many steps."""
        return evidence.recorder(self.game, self.teaching, self.fixed, every, CPU)


def pictures(match: dict[str, str], pace: str = "constant", **settings: Any) -> Taught:  # noqa: ANN401 - a pace's
    """A StarGAN taught by some taps."""
    teacher, student = (
        frozen(translators(translator(width=8, output="gated"))),
        translators(translator(output="gated"), seed=1),
    )
    lesson = tiny.euclidean_lesson(teacher, student, match, weight=10.0)
    teaching = tiny.teaching(lesson, pace, tiny.TRANSLATOR, **settings)
    lessons: Mapping[Role, Teaching] = {"generator": teaching}
    return Taught(tiny.adversarial(student, teacher, lessons), teaching, faces, faces(77, 0, 4))


def images(pace: str = "constant", **settings: Any) -> Taught:  # noqa: ANN401 - a pace's
    """Taught by its output alone."""
    return pictures({"image": "image"}, pace, **settings)


def features(pace: str = "constant", **settings: Any) -> Taught:  # noqa: ANN401 - a pace's
    """Taught by inner maps and its output."""
    return pictures({"res1": "res1", "image": "image"}, pace, **settings)


def second_pass() -> Taught:
    """Taught by its reconstruction's maps, as the published code does."""
    teacher, student = frozen(translators(translator(width=8))), translators(seed=1)
    lesson = tiny.euclidean_lesson(teacher, student, {"res1": "res1"}, reading="published")
    teaching = tiny.teaching(lesson, "constant", tiny.TRANSLATOR)
    lessons: Mapping[Role, Teaching] = {"generator": teaching}
    return Taught(tiny.adversarial(student, teacher, lessons), teaching, faces, faces(77, 0, 4))


def labels(pace: str = "constant", **settings: Any) -> Taught:  # noqa: ANN401 - a pace's
    """A classifier with dropout, taught by probabilities."""
    teacher, student = frozen(tiny.classifiers()), tiny.classifiers(seed=1)
    lesson = soft_labels.objective(side(teacher), side(student), alpha=0.7, temperature=4.0)
    teaching = tiny.teaching(lesson, pace, tiny.CLASSIFIER, **settings)
    return Taught(tiny.supervised(student, teacher, teaching), teaching, tiny.digits, tiny.digits(77))


def running_statistics() -> Taught:
    """A backbone, whose buffers move whenever it looks while it learns."""
    spec = backbone.Spec(4, 4, 32, "mobilenet_v2", "none", width=0.1, depth=0.1)
    torch.manual_seed(0)
    teacher, student = frozen(backbone.build(spec)), backbone.build(spec)
    sides = (roles.side(cast(Family, backbone), spec, of, "generator") for of in (teacher, student))
    lesson = soft_labels.objective(*sides, alpha=0.7, temperature=4.0)
    teaching = tiny.teaching(lesson, "constant", tiny.CLASSIFIER)
    lessons: dict[Role, Teaching] = {"generator": teaching}
    game = backbone.game(student, teacher, lessons, backbone.Losses(), backbone.Play(), tiny.problem(4, "classes", 32))

    def draw(step: int, turn: int = 0) -> Moment:
        small = tiny.digits(step, turn, 4)
        return small.each(lambda tensor: tensor.repeat(1, 1, 4, 4) if tensor.ndim == 4 else tensor)

    return Taught(game, teaching, draw, draw(77))


class Pool(nn.Module):
    """A generator's one number, and a memory of the last images: what each sees differs once another has looked."""

    last: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.number = nn.Parameter(torch.tensor(2.0))
        self.register_buffer("last", torch.zeros(2, 1))

    def watch(self, real: Tensor) -> Seen:
        """A made-up image."""
        return {"image": self.number * real}


class Halfway(nn.Module):
    """Pulls images half of the way to the teacher's."""

    watches = ("image",)
    compares_output = True

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        return {"halfway": (student["image"] - teacher["image"] / 2).square().mean()}


def remembering() -> Taught:
    """A game that writes into its memory and draws chance whenever losses are computed."""
    student, teacher, memory = Pool(), frozen({"maker": Pool()}), Pool()
    teaching = Teaching(Halfway(), paced.of("constant", {}), ("image",), ("adversarial",))

    def make(moment: Moment) -> Parts:
        seen = student.watch(moment["real"])
        memory.last.add_(seen["image"].detach())
        judged = seen["image"] + memory.last + torch.rand(2, 1)
        return teaching.join(
            {"adversarial": judged.mean()}, seen, teaching.observe(teacher, "maker", moment["real"]), moment
        )

    def draw(step: int, turn: int) -> Moment:
        noise = torch.Generator().manual_seed(10 * step + turn)
        return Moment({"real": torch.rand(2, 1, generator=noise)}, step, step, SCHEDULE.steps)

    player = Player("maker", ("maker", "maker_lesson"), make, "generator")
    game = Game({"maker": student, "maker_lesson": teaching}, (player,), ("maker",), memory)
    return Taught(game, teaching, draw, draw(77, 0))


WORLDS: dict[str, Callable[[], Taught]] = {
    "images": images,
    "features": features,
    "second pass": second_pass,
    "labels": labels,
    "running statistics": running_statistics,
    "remembering": remembering,
}
worlds = pytest.mark.parametrize("world", WORLDS)


def train(taught: Taught, every: int = 0) -> tuple[training.Run, list[dict[str, float]], list[dict[str, float]]]:
    """A whole training with its losses, and what was recorded after each step."""
    run = training.prepare(taught.game, SCHEDULE.model_copy(update={"average": 0.9}))
    record = taught.recorder(every) if every else evidence.nothing
    curve, records = [], []
    for step, losses in training.steps(run, taught.draw, SCHEDULE.model_copy(update={"average": 0.9}), CPU):
        curve.append(losses)
        records.append(record(step))
    return run, curve, records


def tensors(state: Mapping[str, Any], prefix: str = "") -> dict[str, Tensor]:
    """All tensors of a state, by name."""
    found: dict[str, Tensor] = {}
    for name, value in state.items():
        if isinstance(value, Tensor):
            found[f"{prefix}{name}"] = value
        elif isinstance(value, Mapping):
            found |= tensors(value, f"{prefix}{name}.")
    return found


@worlds
def test_what_is_recorded_is_a_weight_two_norms_and_a_cosine(world: str) -> None:
    _, _, records = train(WORLDS[world](), every=2)
    assert [bool(record) for record in records] == [False, True, False, True, False]
    for record in filter(None, records):
        assert set(record) == COLUMNS
        assert record[f"{PREFIX}weight"] == 1
        assert -1 <= record[f"{PREFIX}cosine"] <= 1
        assert record[f"{PREFIX}lesson_norm"] > 0
        assert record[f"{PREFIX}game_norm"] > 0


@worlds
def test_a_training_with_evidence_is_byte_equal_to_one_without(world: str) -> None:
    (run, curve, _), (watched, seen, _) = train(WORLDS[world]()), train(WORLDS[world](), every=1)
    assert seen == curve
    expected, found = tensors(run.state()), tensors(watched.state())
    assert found.keys() == expected.keys()
    assert all(torch.equal(value, found[name]) for name, value in expected.items())


@worlds
def test_a_record_leaves_buffers_memory_gradients_and_chance_as_they_were(world: str) -> None:
    taught = WORLDS[world]()
    run, _, _ = train(taught)
    record = taught.recorder(1)
    modules = (*taught.game.networks.values(), taught.game.memory)
    flags = [[p.requires_grad for p in module.parameters()] for module in modules]
    gradients = [[deepcopy(p.grad) for p in module.parameters()] for module in modules]
    before, chance = deepcopy(tensors(run.state())), torch.get_rng_state()
    first = record(3)
    assert torch.equal(torch.get_rng_state(), chance)
    after = tensors(run.state())
    assert all(torch.equal(value, before[name]) for name, value in after.items())
    assert [[p.requires_grad for p in module.parameters()] for module in modules] == flags
    for module, old in zip(modules, gradients, strict=True):
        for parameter, gradient in zip(module.parameters(), old, strict=True):
            assert (parameter.grad is None) == (gradient is None)
            assert gradient is None or torch.equal(parameter.grad, gradient)  # type: ignore[arg-type]
    if world not in ("labels", "running statistics", "remembering"):
        assert record(3) == first, "without dropout the same networks give the same record"


@worlds
def test_after_a_record_nobody_watches(world: str) -> None:
    taught = WORLDS[world]()
    taught.recorder(1)(1)
    assert taught.teaching.watcher is None


def test_a_record_at_the_output_is_what_autograd_finds_there() -> None:
    taught = images()
    found = taught.recorder(1)(1)
    generator: Any = taught.game.networks["generator"]
    critic: Any = taught.game.networks["discriminator"]
    moment = taught.fixed
    image = generator(moment["real"], moment["target"]).detach().requires_grad_()
    seen, target = {"image": image}, taught.teaching.lesson
    teacher = frozen(translators(translator(width=8, output="gated")))
    theirs = teacher["generator"](moment["real"], moment["target"])
    (lesson,) = torch.autograd.grad(target(seen, {"image": theirs})["euclidean_image"], image)
    (game,) = torch.autograd.grad(-critic(image)[0].mean(), image)
    cosine = (lesson * game).sum() / lesson.norm() / game.norm()
    expected = {"weight": 1.0, "lesson_norm": lesson.norm(), "game_norm": game.norm(), "cosine": cosine}
    assert found == pytest.approx({f"{PREFIX}{name}": float(value) for name, value in expected.items()}, rel=1e-4)


def test_a_record_of_inner_maps_is_taken_at_the_kept_networks_weights() -> None:
    taught = features()
    found = taught.recorder(1)(1)
    generator = taught.game.networks["generator"]
    parts = taught.game.players[-1].losses(taught.fixed)
    said = parts["euclidean_res1"] + parts["euclidean_image"]
    flat = [
        torch.cat(
            [slope.flatten() for slope in torch.autograd.grad(total, list(generator.parameters()), retain_graph=True)]
        )
        for total in (said, parts["adversarial"])
    ]
    lesson, game = flat
    expected = {
        "weight": 1.0,
        "lesson_norm": lesson.norm(),
        "game_norm": game.norm(),
        "cosine": lesson @ game / lesson.norm() / game.norm(),
    }
    assert found == pytest.approx({f"{PREFIX}{name}": float(value) for name, value in expected.items()}, rel=1e-4)


def test_the_recorded_weight_is_that_of_the_pace() -> None:
    _, _, records = train(images("linear"), every=1)
    # After the n-th step the networks stand where the step of that number begins; the last has no step behind it.
    assert [record[f"{PREFIX}weight"] for record in records] == [0.75, 0.5, 0.25, 0.0, 0.0]


def test_a_row_without_a_lesson_has_nothing_to_measure() -> None:
    teaching = tiny.teaching(None, "constant", tiny.TRANSLATOR)
    game = tiny.adversarial(translators(), lessons={"generator": teaching})
    record = evidence.recorder(game, teaching, faces(0, 0), 1, CPU)
    with pytest.raises(ValueError, match="nothing can be measured"):
        record(1)


@worlds
def test_evidence_stands_in_the_curve_at_its_steps_alone(world: str, tmp_path: Path) -> None:
    taught = WORLDS[world]()
    run = training.prepare(taught.game, SCHEDULE)
    text = resume.fit("tiny", run, taught.draw, SCHEDULE, CPU, tmp_path, 100, taught.recorder(2))
    names, *lines = [line.split("\t") for line in text.splitlines()]
    assert set(names) >= COLUMNS
    for line in lines:
        row = dict(zip(names, line, strict=True))
        assert {bool(row[column]) for column in COLUMNS} == {int(row["step"]) % 2 == 0}
        assert all(row[name] for name in names if name not in COLUMNS)
    assert [line[0] for line in lines] == ["1", "2", "3", "4", "5"]


def test_a_training_with_evidence_resumes_its_curve(tmp_path: Path) -> None:
    def fitted(folder: str, stops: list[int]) -> str:
        """The curve of a training that is stopped at some steps."""
        text = ""
        for stop in [*stops, SCHEDULE.steps]:
            taught = features("conflict", memory=0.0)

            def draw(step: int, turn: int, taught: Taught = taught, stop: int = stop) -> Moment:
                if step == stop:
                    raise KeyboardInterrupt
                return taught.draw(step, turn)

            run = training.prepare(taught.game, SCHEDULE)
            try:
                text = resume.fit("tiny", run, draw, SCHEDULE, CPU, tmp_path / folder, 1, taught.recorder(2))
            except KeyboardInterrupt:
                continue
        return text

    whole = fitted("whole", [])
    assert fitted("stopped", [2, 3]) == whole
    assert PREFIX in whole


# The pace that follows what is felt.


def followed(taught: Taught, every: int = 0) -> list[float]:
    """The running cosine after each step: at memory 0 that of the last time something was felt."""
    run = training.prepare(taught.game, SCHEDULE)
    record = taught.recorder(every) if every else evidence.nothing
    found = []
    pace: Any = taught.teaching.pace
    for step, _ in training.steps(run, taught.draw, SCHEDULE, CPU):
        record(step)
        found.append(float(pace.cosine))
    return found


@pytest.mark.parametrize("make", [images, labels])
def test_conflict_follows_a_lesson_on_outputs_at_every_step(make: Callable[..., Taught]) -> None:
    found = followed(make("conflict", memory=0.0))
    assert len(set(found)) == SCHEDULE.steps
    assert 0 not in found
    assert followed(make("conflict", memory=0.0), every=2) == found, "evidence is shown to nobody but the curve"


def test_conflict_follows_a_lesson_on_features_at_the_steps_of_evidence_alone() -> None:
    assert followed(features("conflict", memory=0.0)) == [0.0] * SCHEDULE.steps
    first, second, third, fourth, fifth = followed(features("conflict", memory=0.0), every=2)
    assert first == 0
    assert second != 0
    assert third == second
    assert fourth not in (0, third)
    assert fifth == fourth


@pytest.mark.parametrize(("make", "every"), [(images, 0), (features, 1)])
def test_conflict_lowers_the_weight_of_a_lesson_that_is_opposed(make: Callable[..., Taught], every: int) -> None:
    """The game's sign is turned until both pull against each other; then every step costs the lesson a share."""
    taught = make("conflict", memory=0.0, shrink=0.5)
    critic: Any = taught.game.networks["discriminator"]
    pace: Any = taught.teaching.pace
    cosine = taught.recorder(1)(1)[f"{PREFIX}cosine"]
    pace.load_state_dict({"factor": torch.ones(()), "cosine": torch.zeros(())})
    if cosine > 0:
        critic.patch.weight.data.neg_()
    run = training.prepare(taught.game, SCHEDULE)
    record = taught.recorder(every) if every else evidence.nothing
    factors = [1.0]
    for step, _ in training.steps(run, taught.draw, SCHEDULE, CPU):
        record(step)
        factors.append(float(pace.factor))
        assert factors[-1] == factors[-2] * (0.5 if float(pace.cosine) < 0 else 1.0)
    assert factors[-1] < 1


def test_opposition_of_known_gradients() -> None:
    place = torch.tensor([1.0, 2.0], requires_grad=True)
    ahead = (3 * place).sum()
    for game, cosine in ((place.sum(), 1.0), (-place.sum(), -1.0), (place[0] - place[1], 0.0)):
        found = opposition.oppose(ahead, game, [place])
        assert found.cosine.item() == pytest.approx(cosine)
        assert found.lesson.item() == pytest.approx(3 * 2**0.5)
    elsewhere = torch.tensor(1.0, requires_grad=True)
    assert opposition.oppose(ahead, elsewhere * 2, [place]).cosine.item() == 0
    assert opposition.oppose(ahead, elsewhere * 2, [place, elsewhere]).game.item() == 2


def test_a_lesson_on_images_may_be_any_that_compares_them() -> None:
    teacher, student = frozen(translators(translator(width=8))), translators(seed=1)
    lesson = wavelet.objective(side(teacher), side(student), weight=10.0, levels=2)
    teaching = tiny.teaching(lesson, "conflict", tiny.TRANSLATOR, memory=0.0)
    game = tiny.adversarial(student, teacher, {"generator": teaching})
    found = followed(Taught(game, teaching, faces, faces(77, 0)))
    assert len(set(found)) == SCHEDULE.steps
