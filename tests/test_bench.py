"""The published procedure computes our losses on our weights; the benchmarks time all sides and get equal numbers."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from retort.benches import bench_engine, bench_metrics, bench_training, side_by_side
from retort.benches.cases import stargan as cases
from retort.commands import bench as command
from stages.distillations import euclidean, none
from stages.families import stargan
from stages.learning import devices, paced, training
from stages.learning.contracts import Game, Moment, Networks, Role, Side
from stages.learning.teaching import Teaching
from stages.settings import specs
from tests.reference import published_procedure as published

STUDENT = cases.Case(role="student", resolution=16, width=8, critic_width=4, batch=4, rounds=2, critic_steps=2)
TEACHER = cases.Case(**{**STUDENT.__dict__, "role": "teacher"})
CPU = devices.Place(torch.device("cpu"), "float32")


def drawn(turn: int) -> Moment:
    return bench_training.feed("stargan", STUDENT)(0, turn)


def four(moment: Moment) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return moment["real"], moment["label"], moment["target"], moment["mix"]


def ours(case: cases.Case, networks: Networks, lesson: nn.Module, teacher: Networks | None) -> Game:
    nothing = none.objective(Side({}, {}), Side({}, {}))
    constant = paced.of(paced.CONSTANT, {})
    lessons: dict[Role, Teaching] = {
        "generator": Teaching(lesson, constant),
        "discriminator": Teaching(nothing, constant),
    }
    return stargan.game(networks, teacher, lessons, stargan.Losses(), case.play(), case.problem())


def losses(game: Game, name: str) -> dict[str, Tensor]:
    """The loss of the player called `name` on the first batch."""
    (player,) = (player for player in game.players if player.name == name)
    return player.losses(drawn(0))


@pytest.fixture
def networks() -> Networks:
    torch.manual_seed(0)
    return stargan.build(TEACHER.large())


@pytest.fixture
def untaught(networks: Networks) -> tuple[Game, Any]:
    """Our game and the published procedure, with the same weights."""
    theirs = published.like(TEACHER.large())
    published.copy_weights(theirs.generator, networks["generator"])
    published.copy_weights(theirs.critic, networks["discriminator"])
    return ours(TEACHER, networks, none.objective(Side({}, {}), Side({}, {})), None), theirs


def weighted(parts: dict[str, float]) -> dict[str, float]:
    weights = {"cycle": published.CYCLE, "gradient_penalty": published.PENALTY}
    return {name: weights.get(name, 1.0) * value for name, value in parts.items()}


def test_the_discriminator_has_the_published_losses(untaught: tuple[Game, Any]) -> None:
    game, theirs = untaught
    mine = {name: value.item() for name, value in losses(game, "discriminator").items()}
    assert mine == pytest.approx(weighted(theirs.critic_step(*four(drawn(0)))), abs=1e-5)
    assert all(abs(value) > 1e-4 for value in mine.values())


def test_the_generator_has_the_published_losses(untaught: tuple[Game, Any]) -> None:
    game, theirs = untaught
    mine = {name: value.item() for name, value in losses(game, "generator").items()}
    assert mine == pytest.approx(weighted(theirs.generator_step(*four(drawn(0))[:3])), abs=1e-5)
    assert all(abs(value) > 1e-4 for value in mine.values())


def test_a_whole_step_leaves_the_published_weights(untaught: tuple[Game, Any], networks: Networks) -> None:
    game, theirs = untaught
    before = deepcopy(networks)
    plan = bench_training.schedule("stargan", TEACHER)
    # The published generator moves on the last batch of the discriminator, ours on one of its own.
    run = training.prepare(game, plan)
    next(training.steps(run, lambda _, turn: drawn(min(turn, TEACHER.critic_steps - 1)), plan, CPU))
    theirs.step([four(drawn(turn)) for turn in range(TEACHER.critic_steps)])
    for name, other in (("generator", theirs.generator), ("discriminator", theirs.critic)):
        start, mine, their = (
            torch.cat([each.detach().flatten() for each in network.parameters()])
            for network in (before[name], networks[name], other)
        )
        # Adam divides a gradient by its own size: where that is rounding alone, the sign of the step is, too.
        assert ((mine - their).abs() > 1e-6).float().mean() < 0.01
        assert (mine - start).abs().median() > 1e-5


@pytest.fixture
def taught() -> tuple[Any, Networks, Networks]:
    """The published procedure of a student, our student and our teacher, with the same weights."""
    torch.manual_seed(1)
    student, teacher = stargan.build(STUDENT.trained()), stargan.build(STUDENT.large())
    theirs = published.like(STUDENT.trained(), STUDENT.large())
    assert theirs.teacher is not None
    for into, source in (
        (theirs.generator, student["generator"]),
        (theirs.critic, student["discriminator"]),
        (theirs.teacher, teacher["generator"]),
    ):
        published.copy_weights(into, source)
    for network in teacher.values():
        network.eval().requires_grad_(False)
    return theirs, student, teacher


def lesson(student: Networks, teacher: Networks, **settings: Any) -> Any:  # noqa: ANN401
    taps = [stargan.taps(spec, "generator") for spec in (STUDENT.large(), STUDENT.trained())]
    match = {"res5": "res2", "image": "image"}
    return euclidean.objective(Side(teacher, taps[0]), Side(student, taps[1]), match=match, weight=10.0, **settings)


def test_the_published_reading_of_a_lesson_compares_the_same_blocks(
    taught: tuple[Any, Networks, Networks],
) -> None:
    theirs, student, teacher = taught
    mine = lesson(student, teacher, adapter_side="teacher", reading="published")
    published.copy_weights(theirs.adapter, mine.adapters["res5"])
    found = losses(ours(STUDENT, student, mine, teacher), "generator")
    parts = {name: value.item() for name, value in found.items()}
    expected = theirs.generator_step(*four(drawn(0))[:3])
    assert parts["euclidean_res5"] == pytest.approx(10 * expected["block"], rel=1e-6, abs=1e-5)
    assert expected["block"] > 1e-3
    other = {name: parts[name] for name in ("adversarial", "classification", "cycle")}
    assert other == pytest.approx({name: weighted(expected)[name] for name in other}, abs=1e-5)


def test_a_lesson_compares_the_published_images(
    taught: tuple[Any, Networks, Networks],
) -> None:
    theirs, student, teacher = taught
    parts = losses(ours(STUDENT, student, lesson(student, teacher), teacher), "generator")
    expected = theirs.generator_step(*four(drawn(0))[:3])
    assert parts["euclidean_image"].item() == pytest.approx(10 * expected["image"], abs=1e-5)
    assert expected["image"] > 1e-3


def test_the_published_student_pays_for_what_ours_leaves_out(
    taught: tuple[Any, Networks, Networks],
) -> None:
    theirs, student, teacher = taught
    theirs.step([four(drawn(0))])
    assert all(each.grad is not None for each in theirs.teacher.parameters())
    assert any(each.grad.abs().sum() > 0 for each in theirs.critic.parameters())
    losses(ours(STUDENT, student, lesson(student, teacher), teacher), "generator")["euclidean_image"].backward()
    assert all(each.grad is None for network in teacher.values() for each in network.parameters())


def test_the_reference_refuses_other_networks() -> None:
    with pytest.raises(ValueError, match="plain output"):
        published.like(specs.shrink(TEACHER.large(), {"output": "gated"}))


def test_operations_are_counted_forward_and_backward() -> None:
    layer, images = nn.Conv2d(3, 4, 3, padding=1, bias=False), torch.randn(2, 3, 5, 5, requires_grad=True)
    with side_by_side.Operations() as forward:
        found = layer(images)
    assert forward.total == 2 * (2 * 4 * 5 * 5) * (3 * 3 * 3)
    with side_by_side.Operations() as backward:
        found.sum().backward()
    assert backward.total == 2 * forward.total
    assert forward.seconds > 0


@pytest.fixture(scope="module")
def timed() -> dict[str, Any]:
    return bench_training.run("stargan", [TEACHER, STUDENT], "float32", 1, lambda _: None)


def test_training_is_timed_on_both_sides(timed: dict[str, Any]) -> None:
    assert [case["role"] for case in timed["cases"]] == ["teacher", "student"]
    for case in timed["cases"]:
        for side in ("published", "ours"):
            one = case[side]
            assert 0 < one["step_s_least"] <= one["step_s"] <= one["step_s_most"]
            assert 0 < one["convolution_share"] < 2
            assert 0 < one["fraction_of_peak"] < 1
        assert case["ours"]["gflop_per_step"] <= case["published"]["gflop_per_step"]
        assert case["step_time_ratio"] > 0
        assert case["throughput_ratio"] == pytest.approx(case["step_time_ratio"])
        assert case["throughput_ratio_at_peak"] > case["throughput_ratio"]
    teacher, student = timed["cases"]
    spared = [case["published"]["gflop_per_step"] - case["ours"]["gflop_per_step"] for case in (teacher, student)]
    assert spared[1] > spared[0] > 0


def test_what_was_timed_is_shown(timed: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command.training.show_training(timed)
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("teacher", "student", "throughput", "GFLOP", "float32"))
    command.group.keep(timed, tmp_path / "bench.json")
    assert json.loads((tmp_path / "bench.json").read_text())["cases"] == json.loads(json.dumps(timed["cases"]))


@pytest.mark.parametrize("family", ["cyclegan", "pix2pix", "stylegan2"])
@pytest.mark.parametrize("role", ["teacher", "student"])
def test_both_sides_of_other_families_take_the_same_step(family: str, role: str) -> None:
    case = bench_training.of(family).Case(role=role, resolution=32, width=8, critic_width=4, batch=1, rounds=1)
    sides = bench_training.ours(family, case, "float32"), bench_training.published(family, case)
    counted = []
    for step in sides:
        with side_by_side.Operations() as operations:
            step()
        counted.append(operations.total)
    # Ours takes more passes together, with gradients of images that need none; the published critic moves on images
    # that the generator makes once.
    assert counted[0] == pytest.approx(counted[1], rel=0.35)


@pytest.mark.parametrize("family", bench_training.families())
def test_the_default_cases_of_a_family_are_a_teacher_and_a_student_at_each_size(family: str) -> None:
    sizes = list(bench_training.of(family).SIZES)
    made = list(bench_training.cases(family, sizes, rounds=1, batch=None))
    assert [(case.resolution, case.role) for case in made] == [(s, r) for s in sizes for r in ("teacher", "student")]
    assert all(case.large().resolution == case.trained().resolution == case.resolution for case in made)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [(("--resolution", "48"), "no case at 48 px"), (("--family", "classifier"), "no cases of 'classifier'")],
)
def test_what_cannot_be_timed_is_refused(option: tuple[str, str], sentence: str) -> None:
    result = CliRunner().invoke(command.bench, ["training", *option])
    assert result.exit_code == 2
    assert sentence in result.output


def test_a_process_that_dies_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        side_by_side.steppers([1]) as pipes,
        pytest.raises(side_by_side.BenchError, match="ended early"),
    ):
        side_by_side.ask(pipes, "no_such_thing")
    assert "no_such_thing" in capfd.readouterr().err


def test_our_fid_is_pytorch_fids() -> None:
    found = bench_metrics.run("judge", 80, 16, rounds=1, cores=1, workers=0, report=lambda _: None)
    assert found["ours"] > 0
    assert found["relative_difference"] < 1e-6
    assert found["ratio"] > found["ratio_first"] > 0


def test_too_few_images_are_refused_with_a_sentence() -> None:
    result = CliRunner().invoke(command.bench, ["metrics", "--images", "20", "--rounds", "1", "--resolution", "16"])
    assert result.exit_code == 1
    assert "needs at least 64 images" in result.output


def test_repro_is_timed_with_each_number_of_workers_and_beside_dvc(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    asked = ["engine", "--items", "3", "--sleep", "0.2", "--workers", "1", "--workers", "2", "--json", str(file)]
    result = CliRunner().invoke(command.bench, asked)
    assert result.exit_code == 0, result.output
    assert "3 items that sleep 0.2 s" in result.output
    runs = json.loads(file.read_text(encoding="utf-8"))["runs"]
    names = [(each["command"], each["workers"]) for each in runs]
    assert names == [("retort repro", 1), ("retort repro", 2), ("dvc repro", 1)]
    for each in runs:
        assert each["seconds"] > 3 * 0.2 / each["workers"]
        assert each["seconds_per_item"] * each["workers"] == pytest.approx(0.2 + each["overhead_per_item_s"])
        assert each["throughput_ratio"] == pytest.approx(runs[0]["seconds"] / each["seconds"])


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("raise SystemExit('no luck')", "with 1 at once ended with 1\n  | no luck"),
        ("pass", "with 1 at once did not make item00000.txt"),
    ],
)
def test_a_run_that_made_nothing_has_no_figures(monkeypatch: pytest.MonkeyPatch, program: str, sentence: str) -> None:
    monkeypatch.setattr(bench_engine, "PROGRAM", program)
    result = CliRunner().invoke(command.bench, ["engine", "--items", "1", "--workers", "1", "--no-dvc"])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "failed" in result.output
    assert sentence in result.output
