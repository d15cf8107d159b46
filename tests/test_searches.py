# ruff: noqa: E501 - rows are read as a table
"""Searches as rows and as stages: the sentences that wrong ones get, what is written, and rows that use it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from retort.checking import accepting
from retort.checking import params as checking
from retort.engine import usage
from stages import (
    acquire_data,
    build_judges,
    build_teachers,
    build_wide_students,
    choose_students,
    count_costs,
    distill_students,
)
from stages.learning import checkpoints
from stages.settings import paths, specs, sweeps
from stages.settings.specs import NotChosen
from tests.searched import TEXT, params
from tests.test_resume import python

OTHER = "  other: {family: stylegan2, dataset: faces, partner: faces, labels: [Male], partner_labels: [], spec: {widths: [8, 6, 4], critic_widths: [4, 4, 4], latent: 8, mapping_layers: 1, noise: false}, losses: {}, play: *play, schedule: short, seed: 0}\n"
IMAGE = "generator: image, discriminator: none}, generator_lesson: {weight: 1.0, norm: 1}"
BLOCK = "generator: euclidean, discriminator: none}, generator_lesson: {match: {block8: block8}, weight: 1.0}"
EVOLUTION = "evolution: {population: 8, generations: 2, parents: 0.6, mutated: 0.6, chance: 0.5}, random: 1,"
BROKEN = [
    ("an unknown wide", "wide: wide,", "wide: wied,", ["searches.half.wide", "'wied' is not a weight-shared training", "did you mean 'wide'?"]),
    ("an unknown search", "chosen: half", "chosen: halve", ["chosen.best.student.chosen", "'halve' is not a search", "did you mean 'half'?"]),
    ("an unknown pick", "pick: best", "pick: random2", ["chosen.best.student.pick", "'random2' is not picked by 'half'", "best, uniform, random1"]),
    ("no pick", ", pick: best", "", ["chosen.best.student: names no pick", "write `{chosen: <search>, pick: best}`"]),
    ("a chosen row that chooses nothing", "{chosen: half, pick: best}", "{widths: [4, 3, 2]}", ["chosen.best.student: names no chosen and no pick", "move the row to `variants`"]),
    ("a variant that chooses", "student: {widths: [4, 3, 2]}", "student: {chosen: half, pick: best}", ["variants.plain.student.chosen", "is not part of the spec"]),
    ("no budget", "budget: 0.6", "budget: 0.0", ["searches.half.budget", "greater than 0"]),
    ("more than the teacher", "budget: 0.6", "budget: 1.5", ["searches.half.budget", "less than or equal to 1"]),
    ("a budget that nothing keeps", "budget: 0.6", "budget: 0.1", ["searches.half.budget: 0.1 is less than the 0.26", "of the narrowest; write more"]),
    ("too few near the budget", "near: 0.5", "near: 0.01", ["searches.half.near: 0.01 is too little: 0 other configurations cost 0.99 to 1.01 times the", "too few for 1 random ones"]),
    ("shares that do not ascend", "{widths: [0.5, 1.0]}", "{widths: [1.0, 0.5]}", ["wides.wide.space.widths", "ascending, the last of them 1; found [1.0, 0.5]"]),
    ("shares that do not reach the teacher", "{widths: [0.5, 1.0]}", "{widths: [0.25, 0.5]}", ["wides.wide.space.widths", "the last of them 1; found [0.25, 0.5]"]),
    ("a single share", "{widths: [0.5, 1.0]}", "{widths: [1.0]}", ["wides.wide.space.widths", "at least 2 items"]),
    ("widths before they are chosen", "student: {}, budget", "student: {widths: [4, 3, 2]}, budget", ["searches.half.student.widths", "are what the search chooses; take them out"]),
    ("too few to rank", "random: 1, alone: 1", "random: 1, alone: 0", ["searches.half.alone", "there are 2 configurations to rank", "needs 3; write more"]),
    ("shares of a population", "random: 1,", EVOLUTION, ["searches.half.evolution", "shares of one population"]),
    ("an unknown lesson", "generator: image,", "generator: imago,", ["wides.wide.distill.generator", "searches.half.distill.generator", "did you mean 'image'?"]),
    ("a lesson of one width", IMAGE, BLOCK, ["wides.wide.distill.generator", "compares what has one width"]),
    ("another teacher's search", "  half: {<<: *taught,", "  half: {<<: *taught, teacher: other,", ["searches.half.teacher: 'other' is not the teacher of 'wide'; write 'large'", "chosen.best.teacher: 'large' is not the teacher of search 'half'; write 'other'"]),
    ("a key that does not exist", "images: 96", "image: 96", ["searches.half.image", "did you mean 'images'?"]),
    ("a name twice", "chosen:\n  best:", "chosen:\n  plain:", ["chosen.plain: is the name of a variant too"]),
]  # fmt: skip
STEPS = (
    (acquire_data, "faces"),
    (build_judges, "faces"),
    (build_teachers, "large"),
    (build_wide_students, "wide"),
    (choose_students, "half"),
    (distill_students, "best"),
)


def told(text: str, folder: Path) -> str:
    """What a person reads about a params file."""
    file = folder / "params.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        checking.checked(file)
    except checking.ParamsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_each_mistake_is_told(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    text = TEXT.replace("_taught:", f"{OTHER}_taught:")
    assert text.count(old) == 1
    message = told(text.replace(old, new), tmp_path)
    for part in expected:
        assert part in message, message


def test_the_smallest_search_is_sound(tmp_path: Path) -> None:
    assert told(TEXT, tmp_path) == ""


def test_a_space_too_large_to_enumerate_wants_an_evolution(tmp_path: Path) -> None:
    many = ", ".join(str(step / 20) for step in range(1, 21))
    text = TEXT.replace("widths: [8, 6, 4]", "widths: [64, 64, 64]").replace("[0.5, 1.0]", f"[{many}]")
    assert "searches.half: has no `evolution`, and of 8000 configurations not all can be" in told(text, tmp_path)


def test_what_rows_use_holds_the_three_sections() -> None:
    used = accepting.used(params())
    assert list(used["searches"]) == ["half"]
    assert list(used["wides"]) == ["wide"]
    assert list(used["chosen"]) == ["best"]


def test_members_of_searches_are_used(tmp_path: Path) -> None:
    text = TEXT.replace(
        "half: {<<: *taught,", "half: {<<: *taught, pace: {generator: linear, discriminator: constant},"
    )
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    assert "linear" in usage.read(tmp_path).rows["paces"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which everything has run."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "params.yaml").write_text(TEXT, encoding="utf-8")
    with chdir(folder):
        for stage, name in STEPS:
            stage.main(name)
        yield folder


def choice() -> dict[str, Any]:
    """What the search has written."""
    content: dict[str, Any] = json.loads(paths.choice("half").read_text(encoding="utf-8"))
    return content


@pytest.mark.usefixtures("world")
def test_a_search_writes_what_it_measured_and_chose() -> None:
    found = choice()
    measured, ranked = ("search", "budget_macs", "images", "cost", "configurations", "picks"), ("tau", "tau_low")
    assert list(found) == [*measured, "alone", *ranked, "tau_high", "trusted"]
    assert len(found["configurations"]) == 8
    assert list(found["picks"]) == ["best", "uniform", "random1"]
    best = found["picks"]["best"]["macs"]
    assert best <= found["budget_macs"]
    assert found["picks"]["uniform"]["macs"] <= best
    assert abs(found["picks"]["random1"]["macs"] / best - 1) <= 0.5
    within = [each for each in found["configurations"] if each["macs"] <= found["budget_macs"]]
    assert found["picks"]["best"] == min(within, key=lambda each: each["fitness"])
    assert [each["pick"] for each in found["alone"]] == ["best", "uniform", "random1", ""]
    assert found["cost"]["training_macs"] == sum(found["cost"][part] for part in ("wide", "evaluations", "alone"))
    assert -1 <= found["tau_low"] <= found["tau"] <= found["tau_high"] <= 1


@pytest.mark.usefixtures("world")
def test_a_search_is_the_same_again() -> None:
    before = paths.choice("half").read_bytes()
    for file in paths.scratch("").glob("*/fitness.json"):
        file.unlink()
    choose_students.main("half")
    assert paths.choice("half").read_bytes() == before


@pytest.mark.usefixtures("world")
def test_a_row_takes_the_widths_and_the_training_of_its_pick(capsys: pytest.CaptureFixture[str]) -> None:
    settings, widths = params(), choice()["picks"]["best"]["widths"]
    row = settings.chosen["best"]
    assert specs.resolved(row).student == {"widths": widths}
    assert list(specs.of(row, settings)[1].widths) == widths  # type: ignore[attr-defined]
    student = checkpoints.read(paths.student("best", 0))
    assert list(student.spec.widths) == widths  # type: ignore[attr-defined]
    paths.student("best", 0).unlink()
    distill_students.main("best")
    assert "step" not in capsys.readouterr().out, "it was trained when the search tried it alone"
    assert sweeps.stage(settings, "distill_students", "best") == "distill_students_chosen"
    assert sweeps.of_item(settings, "best") == {"best": row}


@pytest.mark.usefixtures("world")
def test_costs_are_those_of_the_chosen_widths() -> None:
    count_costs.main()
    costs = json.loads(paths.costs().read_text(encoding="utf-8"))["variants"]
    assert costs["best"]["kept"]["macs"] == choice()["picks"]["best"]["macs"]


def test_a_row_before_its_search_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = params()
    with pytest.raises(NotChosen, match=r"choices/half.json does not exist; `retort repro choose_students@half` makes"):
        specs.of(settings.chosen["best"], settings)
    paths.choices().mkdir(parents=True)
    paths.choice("half").write_text('{"picks": {"uniform": {}}}', encoding="utf-8")
    with pytest.raises(NotChosen, match="has no pick 'best'; it has uniform"):
        specs.of(settings.chosen["best"], settings)


@pytest.mark.parametrize(("stage", "name"), [("build_wide_students", "wide"), ("choose_students", "half")])
def test_kills_change_no_bit(world: Path, stage: str, name: str) -> None:
    made = (paths.wide(name), paths.wide_curve(name)) if stage == "build_wide_students" else (paths.choice(name),)
    before = [file.read_bytes() for file in made]
    for file in (*paths.scratch("").glob("*/*"), *made):
        file.unlink()
    output = python(world, "-m", "tests.killed_training", name, "3", stage)
    assert re.search(r"killed [1-3]", output)
    assert [file.read_bytes() for file in made] == before
