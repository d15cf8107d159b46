"""A family that shares nothing with the project's own trains, resumes, is averaged, compressed, counted and examined.

The family is one file, tests/exotic.py; nothing outside it knows of it. Through the stages it runs in a copy of the
project, in which that file is a member like any other.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from stages.compressions import inherit, prune, resize
from stages.distillations import attention, euclidean, none
from stages.learning import counting, evidence, expense, paced, roles, training
from stages.learning.contracts import Family, Game, Networks, Role
from stages.learning.devices import Place
from stages.learning.problems import Domain, Problem
from stages.learning.teaching import Teaching
from stages.settings import members, paths
from stages.settings.rows import Schedule
from stages.storage import prepared
from tests import exotic
from tests.exotic_params import PARAMS

ROOT = Path(__file__).resolve().parents[1]
FAMILY = cast(Family, exotic)
CPU = Place(torch.device("cpu"), "float32")
PIXELS, BATCH = 16, 4
LARGE = exotic.Spec(resolution=PIXELS, width=8, blocks=3, critic_width=4)
SMALL = exotic.Spec(resolution=PIXELS, width=4, blocks=2, critic_width=4)
BOTH = {"forth", "back"}
ONE_SIDED = {"forth.res2": "forth.res1", "forth.image": "forth.image"}


def schedule(steps: int = 6, average: float = 0.9) -> Schedule:
    """Two R1 terms in six steps."""
    return Schedule(
        steps=steps,
        batch=BATCH,
        learning_rate=1e-3,
        critic_learning_rate=2e-3,
        betas=[0.5, 0.999],
        decay_from=0.5,
        decay="linear",
        average=average,
        flip=True,
    )


def problem(label: int = 0) -> Problem:
    """Noise, every image of which has the same label."""
    images = np.random.default_rng(0).integers(256, size=(12, PIXELS, PIXELS, 3), dtype=np.uint8)
    split = prepared.Split(images, np.full((12, 1), label, np.uint8), None, None)
    return Problem((Domain(split, "noise", ("any",), (0,), slice(0, 1), "attributes", (), (), 1),))


def build(spec: exotic.Spec = SMALL, seed: int = 0) -> Networks:
    """The four networks, the same for the same seed."""
    torch.manual_seed(seed)
    return exotic.build(spec)


def teacher() -> Networks:
    """As it comes from its checkpoint, with the running statistics of some training."""
    networks = build(LARGE, seed=7)
    list(training.steps(training.prepare(game(networks), schedule(2)), feed(), schedule(2), CPU))
    return {name: network.eval().requires_grad_(False) for name, network in networks.items()}


def untaught() -> dict[Role, Teaching]:
    """No lesson for either role."""
    return {role: Teaching(none.Nothing(), paced.of("constant", {})) for role in exotic.ROLES}


def one_sided(large: Networks, small: Networks, match: Mapping[str, str] = ONE_SIDED) -> dict[Role, Teaching]:
    """The translator of one direction learns taps and image, through an adapter; both critics attention."""
    (theirs, mine), (judge, own) = (
        [roles.side(FAMILY, spec, networks, role) for spec, networks in ((LARGE, large), (SMALL, small))]
        for role in exotic.ROLES
    )
    torch.manual_seed(3)
    taught = euclidean.objective(theirs, mine, match=dict(match), weight=10.0)
    watched = attention.objective(judge, own, match={"forth_critic.trunk": "forth_critic.trunk"}, weight=1.0)
    return {
        "generator": Teaching(taught, paced.of("linear", {}), exotic.OUTPUT, exotic.RIVALS),
        "discriminator": Teaching(watched, paced.of("constant", {})),
    }


def game(networks: Networks, large: Networks | None = None, lessons: dict[Role, Teaching] | None = None) -> Game:
    """The family's game."""
    taught = lessons or untaught()
    return exotic.game(networks, large, taught, exotic.Losses(), exotic.Play(pool=6), problem())


def taught_run(plan: Schedule) -> training.Run:
    """A student taught one-sidedly, at its first step."""
    large, small = teacher(), build()
    return training.prepare(game(small, large, one_sided(large, small)), plan)


def feed(plan: Schedule | None = None, label: int = 0) -> Any:  # noqa: ANN401 - a Draw
    """The family's batches of noise."""
    return exotic.feed(problem(label), plan or schedule(), exotic.Play(pool=6), seed=0)


def train(run: training.Run, plan: Schedule, until: int = -1) -> list[dict[str, float]]:
    """The losses of each step up to a step."""
    curve = []
    for step, losses in training.steps(run, feed(plan), plan, CPU):
        curve.append(losses)
        if step == until:
            break
    return curve


def tensors(value: Any, name: str = "") -> dict[str, Tensor]:  # noqa: ANN401 - nested states
    """Every tensor of a snapshot, by its place."""
    if isinstance(value, Tensor):
        return {name: value}
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return {place: found for key, each in items for place, found in tensors(each, f"{name}/{key}").items()}


def test_two_translators_share_an_optimiser_and_so_do_critics_and_their_lazy_term() -> None:
    run = training.prepare(game(build()), schedule())
    curve = train(run, schedule())
    critics, translators = run.optimisers
    assert critics == {"forth_critic", "back_critic", "discriminator_lesson"}
    assert translators == {"forth", "back", "generator_lesson"}
    lazy = [any(name.startswith("penalty/") for name in losses) for losses in curve]
    assert lazy == [True, False, False, False, True, False]
    moved = {float(state["step"]) for state in run.optimisers[critics].state.values()}
    assert moved == {6, 6 + 2}, "a bias has no part in a slope"
    assert run.optimisers[critics].param_groups[0]["betas"] == pytest.approx((0.5**0.8, 0.999**0.8))
    assert run.optimisers[translators].param_groups[0]["betas"] == (0.5, 0.999)


def test_no_loss_looks_at_a_label() -> None:
    curves = []
    for label in (0, 1):
        run = training.prepare(game(build()), schedule())
        curves.append([losses for _, losses in training.steps(run, feed(label=label), schedule(), CPU)])
    assert curves[0] == curves[1]


def test_resuming_equals_not_stopping_with_adapters_running_statistics_and_the_pool() -> None:
    plan = schedule()
    whole, stopped, resumed = taught_run(plan), taught_run(plan), taught_run(plan)
    complete = train(whole, plan)
    started = train(stopped, plan, until=3)
    file = io.BytesIO()
    torch.save(stopped.state(), file)
    file.seek(0)
    # The process that resumes has started afresh: other weights and another pool until the snapshot is read.
    with torch.no_grad():
        for module in (*resumed.game.networks.values(), *resumed.averages.values(), resumed.game.memory):
            for tensor in (*module.parameters(), *module.buffers()):
                tensor.zero_()
    resumed.restore(torch.load(file, weights_only=True))
    assert started + train(resumed, plan) == complete
    expected, found = tensors(whole.state()), tensors(resumed.state())
    for part in ("memory/forth.images", "network.generator_lesson/lesson.adapters.forth/res2.weight"):
        assert found[f"/{part}"].abs().sum() > 0
    assert "/average.back/residual.0.last_norm.running_var" in found
    assert found.keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in found.items())


def test_the_pool_decides_what_critics_are_shown_and_follows_the_moments_seed() -> None:
    pool = exotic.Pool(6, PIXELS)
    first, second = torch.rand(2, BATCH, 3, PIXELS, PIXELS)
    assert torch.equal(pool.exchange(first, np.random.default_rng(1)), first), "an empty pool has nothing to show"
    before = {name: value.clone() for name, value in pool.named_buffers()}
    shown = []
    for seed in (2, 2, 3):
        pool.load_state_dict(before)
        shown.append(pool.exchange(second, np.random.default_rng(seed)))
    assert torch.equal(shown[0], shown[1])
    assert not torch.equal(shown[0], shown[2])
    assert not torch.equal(shown[0], second)
    assert all(any(torch.equal(image, one) for one in (*first, *second)) for image in shown[0])


def test_both_translators_are_averaged_with_their_running_statistics() -> None:
    plan = schedule(average=0.8)
    run = training.prepare(game(build()), plan)
    expected = {
        name: {key: p.detach().clone() for key, p in run.game.networks[name].named_parameters()}
        for name in run.averages
    }
    for step, _ in training.steps(run, feed(plan), plan, CPU):
        keep = min(0.8, step / (9 + step))
        for name, mean in expected.items():
            for key, parameter in run.game.networks[name].named_parameters():
                mean[key].mul_(keep).add_((1 - keep) * parameter.detach())
    assert set(run.averages) == {"forth", "back"}
    for name, average in run.averages.items():
        trained = run.game.networks[name]
        for key, parameter in average.named_parameters():
            torch.testing.assert_close(parameter.detach(), expected[name][key])
        assert any(not torch.equal(a, b) for a, b in zip(average.parameters(), trained.parameters(), strict=True))
        assert len(statistics(trained)) == 3 * (1 + 2 * SMALL.blocks)
        assert all(torch.equal(value, statistics(trained)[key]) for key, value in statistics(average).items())
        assert run.result()[name] is average
    assert "memory" not in run.result()


def test_a_one_sided_lesson_reaches_one_direction_alone() -> None:
    large, small = teacher(), build()
    lessons = one_sided(large, small)
    own, found = (
        {name: value for player in each.players for name, value in player.losses(feed()(0, 0)).items()}
        for each in (game(build()), game(small, large, lessons))
    )
    assert set(found) - set(own) == {
        "euclidean_forth.res2",
        "euclidean_forth.image",
        "attention_forth_critic.trunk",
    }
    parts = found["euclidean_forth.res2"] + found["euclidean_forth.image"]
    for name, reached in (("forth", True), ("back", False)):
        gradients = torch.autograd.grad(parts, list(small[name].parameters()), allow_unused=True, retain_graph=True)
        assert any(each is not None and bool(each.any()) for each in gradients) is reached
    adapters = [key for key, _ in lessons["generator"].named_parameters()]
    assert adapters == ["lesson.adapters.forth/res2.weight", "lesson.adapters.forth/res2.bias"]


@pytest.mark.parametrize(
    ("lesson", "settings", "expected"),
    [
        ("none", {}, set()),
        ("euclidean", {"match": {"back.res2": "back.res1"}, "weight": 1.0}, {"back"}),
        ("attention", {"match": {f"{name}.res2": f"{name}.res1" for name in ("forth", "back")}, "weight": 1.0}, BOTH),
        ("wavelet", {"levels": 1, "weight": 1.0}, BOTH),
        ("image", {"weight": 1.0}, BOTH),
        ("image", {"weight": 1.0, "images": ["forth.image"]}, {"forth"}),
        ("combined", {"relation": {"match": {"forth.res0": "forth.res0"}, "weight": 1.0}}, {"forth"}),
        (
            "combined",
            {"relation": {"match": {"forth.res0": "forth.res0"}, "weight": 1.0}, "image": {"weight": 1.0}},
            BOTH,
        ),
    ],
)
def test_the_teacher_runs_only_where_a_lesson_looks_at_it(
    lesson: str, settings: dict[str, Any], expected: set[str]
) -> None:
    large, small = teacher(), build()
    sides = [roles.side(FAMILY, spec, networks, "generator") for spec, networks in ((LARGE, large), (SMALL, small))]
    taught = Teaching(members.load("distillations", lesson).objective(*sides, **settings), paced.of("constant", {}))
    run = {network for network in BOTH if taught.observe(large, network, torch.zeros(1, 3, PIXELS, PIXELS))}
    assert run == expected
    translators = game(small, large, {**untaught(), "generator": taught}).players[-1]
    found = translators.losses(feed()(0, 0)).keys() - game(build()).players[-1].losses(feed()(0, 0)).keys()
    assert bool(found) == bool(expected)
    assert all(any(f"{network}." in name for name in found) for network in expected if len(found) > 1)


def test_a_second_pass_can_be_taught_too() -> None:
    large, small = teacher(), build()
    sides = [roles.side(FAMILY, spec, networks, "generator") for spec, networks in ((LARGE, large), (SMALL, small))]
    lesson = euclidean.objective(*sides, match={"back.image": "back.image"}, weight=1.0, reading="published")
    lessons = {**untaught(), "generator": Teaching(lesson, paced.of("constant", {}))}
    translators = game(small, large, lessons).players[-1]
    moment = feed()(0, 0)
    found = translators.losses(moment)["euclidean_back.image"]
    twice = small["back"](small["forth"](moment["a"]))
    torch.testing.assert_close(found, (twice - large["back"](moment["b"])).square().mean())


def test_evidence_is_measured_without_changing_the_training() -> None:
    plan = schedule()
    curves: list[list[dict[str, float]]] = []
    recorded: list[dict[str, float]] = []
    for every in (2, 0):
        large, small = teacher(), build()
        lessons = one_sided(large, small, {"forth.image": "forth.image"})
        run = training.prepare(game(small, large, lessons), plan)
        record: evidence.Record = evidence.nothing
        if every:
            record = evidence.recorder(run.game, lessons["generator"], feed()(0, 0), every, CPU)
        curves.append([])
        for step, losses in training.steps(run, feed(plan), plan, CPU):
            curves[-1].append(losses)
            recorded += [found] if (found := record(step)) else []
    assert curves[0] == curves[1]
    assert len(recorded) == 3
    for found in recorded:
        assert -1 <= found["evidence/cosine"] <= 1
        assert found["evidence/lesson_norm"] > 0
        assert found["evidence/game_norm"] > 0
    assert [found["evidence/weight"] for found in recorded] == pytest.approx([1 - 2 / 5, 1 - 4 / 5, 0])


@pytest.mark.parametrize(
    ("compression", "small", "settings"),
    [
        (resize, SMALL, {}),
        (prune, SMALL, {}),
        (inherit, replace(LARGE, blocks=1), {"freeze": False}),
        (inherit, replace(LARGE, blocks=1), {"freeze": True}),
    ],
)
def test_a_compressed_student_trains(compression: Any, small: exotic.Spec, settings: dict[str, Any]) -> None:  # noqa: ANN401
    large = teacher()
    before = {name: {k: v.clone() for k, v in network.state_dict().items()} for name, network in large.items()}
    torch.manual_seed(1)
    student = compression.make_student(exotic, large, LARGE, small, **settings)
    sizes = {name: [p.shape for p in network.parameters()] for name, network in student.items()}
    assert sizes == {name: [p.shape for p in network.parameters()] for name, network in exotic.build(small).items()}
    curve = train(training.prepare(game(student), schedule(2)), schedule(2))
    assert len(curve) == 2
    for name, network in large.items():
        assert all(torch.equal(value, before[name][key]) for key, value in network.state_dict().items())


def statistics(network: nn.Module) -> dict[str, Tensor]:
    """Running statistics, by name."""
    return dict(network.named_buffers())


def test_pruning_keeps_the_running_statistics_of_the_channels_that_stay() -> None:
    large = teacher()
    student: Networks = prune.make_student(FAMILY, large, LARGE, SMALL)
    for name in exotic.ROLES["generator"]:
        theirs, mine = (networks[name].state_dict() for networks in (large, student))
        kept = [theirs["norm.running_mean"].tolist().index(mean) for mean in mine["norm.running_mean"].tolist()]
        assert len(set(kept)) == SMALL.width
        assert torch.equal(mine["norm.running_var"], theirs["norm.running_var"][kept])
        assert torch.equal(mine["norm.weight"], theirs["norm.weight"][kept])
        assert torch.equal(mine["paint.weight"], theirs["paint.weight"][:, kept])


def test_inheriting_takes_the_running_statistics_outside_the_blocks() -> None:
    large = teacher()
    student: Networks = inherit.make_student(FAMILY, large, LARGE, replace(LARGE, blocks=1), freeze=True)
    theirs, mine = (statistics(networks["back"]) for networks in (large, student))
    assert torch.equal(mine["norm.running_mean"], theirs["norm.running_mean"])
    assert int(mine["norm.num_batches_tracked"]) == int(theirs["norm.num_batches_tracked"]) > 0
    assert int(mine["residual.0.first_norm.num_batches_tracked"]) == 0
    moving = {name.split(".")[0] for name, each in student["back"].named_parameters() if each.requires_grad}
    assert moving == {"residual"}


def passes(spec: exotic.Spec) -> dict[str, int]:
    """Multiply-accumulates of one image through each network."""
    networks, images = exotic.example(asdict(spec))
    return {name: counting.of_pass(network, images[name])["macs"] for name, network in networks.items()}


def spent(steps: int, lessons: bool) -> expense.Expense:
    """What a training of so many steps costs."""
    large, small = build(LARGE), build()
    taught = one_sided(large, small) if lessons else None
    networks = large.values() if lessons else ()
    found = game(small, large if lessons else None, taught)
    return expense.of_training(found, feed(schedule(steps)), schedule(steps), list(networks))


def test_a_training_costs_what_its_passes_cost() -> None:
    one, theirs = passes(SMALL), passes(LARGE)
    three, four, five = (spent(steps, lessons=False) for steps in (3, 4, 5))
    # Critics: both translate once, each critic judges twice. Translators: two passes each, each judged once.
    ordinary = BATCH * 3 * (2 * one["forth"] + 2 * one["forth_critic"])
    assert four.forward - three.forward == ordinary
    # The lazy term comes in the first and in the fifth step: a pass of both critics, and back to its image.
    assert five.forward - four.forward > ordinary + 2 * BATCH * one["forth_critic"]
    assert three.backward > 0
    assert three.teacher == 0
    taught = spent(3, lessons=True)
    # One direction is taught, so the teacher of the other is not run.
    assert taught.teacher == 3 * BATCH * (theirs["forth"] + theirs["forth_critic"])
    adapter = LARGE.width * SMALL.width * PIXELS**2
    assert taught.forward - three.forward == 3 * BATCH * adapter


# Through the stages.


def python(folder: Path, *arguments: str) -> str:
    """Run a program in a copy of the project."""
    # The copy's stages come first, the tests' own files from here.
    search = f"{folder}{os.pathsep}{ROOT}"
    environment = {**os.environ, "PYTHONPATH": search, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project's stages in which the family is a member, with its teacher trained."""
    target = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "stages", target / "stages", ignore=shutil.ignore_patterns("__pycache__"))
    member = target / "stages" / "families" / "exotic"
    member.mkdir()
    shutil.copyfile(exotic.__file__, member / "__init__.py")
    (target / "params.yaml").write_text(PARAMS, encoding="utf-8")
    python(target, "-m", "stages.acquire_data", "faces")
    python(target, "-m", "stages.build_teachers", "strange")
    return target


def test_twenty_kills_change_no_bit(folder: Path) -> None:
    target, curve = folder / paths.teacher("strange"), folder / paths.teacher_curve("strange")
    undisturbed = target.read_bytes(), curve.read_bytes()
    target.unlink()
    shutil.rmtree(folder / ".retort")
    output = python(folder, "-m", "tests.killed_training", "strange", "20")
    assert "killed 20" in output, "the training must still be unfinished after twenty kills"
    resumed = re.search(r"continuing at step (\d+) of 300", output)
    assert resumed
    assert int(resumed[1]) > 0
    assert (target.read_bytes(), curve.read_bytes()) == undisturbed


def test_what_is_written_of_a_teacher_is_all_four_networks_and_no_memory(folder: Path) -> None:
    found = load_file(folder / paths.teacher("strange"))
    assert {name.split(".")[0] for name in found} == {"forth", "back", "forth_critic", "back_critic"}
    # Each translator runs three times a step in training mode.
    assert float(found["forth.norm.num_batches_tracked"]) == 3 * 300
