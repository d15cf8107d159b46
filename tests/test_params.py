# ruff: noqa: E501 - a table
"""Params files as people write them: the sound one loads, each broken one is told in a sentence, all errors at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages.harness.settings import params
from tests.smallest import TEXT

BROKEN: list[tuple[str, str, str, list[str]]] = [
    ("near miss of a lesson", "generator: euclidean,", "generator: euclidian,", ["variants.taught.distill.generator", "'euclidian'", "did you mean 'euclidean'?"]),
    ("near miss of a compression", "compression: resize, student: {width: 2, blocks: 3}, distill: {generator: none", "compression: resise, student: {width: 2, blocks: 3}, distill: {generator: none", ["variants.plain.compression", "did you mean 'resize'?"]),
    ("near miss of a data set reader", "dataset: avatars", "dataset: avatar", ["datasets.faces.dataset", "did you mean 'avatars'?"]),
    ("name of a folder that is taken", "  faces: {dataset: avatars, resolution: 16", "  weights: {dataset: avatars, resolution: 16", ["datasets.weights", "data/weights holds files from elsewhere"]),
    ("near miss of a family", "large: {family: stargan", "large: {family: stargen", ["teachers.large.family", "did you mean 'stargan'?"]),
    ("unknown teacher", "plain: {teacher: large", "plain: {teacher: larger", ["variants.plain.teacher", "'larger'", "did you mean 'large'?"]),
    ("unknown schedule", "schedule: untrained", "schedule: untraind", ["variants.teacher.schedule", "did you mean 'untrained'?"]),
    ("unknown key", "seed: 0}\nschedules", "sead: 0}\nschedules", ["judges.faces.seed: is missing", "judges.faces.sead: is not a known key — did you mean 'seed'?"]),
    ("unknown section", "latency:", "latencies:", ["latencies: is not a known key — did you mean 'latency'?", "latency: is missing"]),
    ("a key twice", "  teacher: {teacher", "  plain: {teacher", ["line 13", "'plain' stands twice"]),
    ("a tab", "  faces: {dataset: faces", "\tfaces: {dataset: faces", ["line 5", "tab"]),
    ("a numeric name", "  plain: {", "  12: {", ["variants.12", "12 cannot be a name", "DVC runs nothing for a number"]),
    ("a dotted name", "  plain: {", "  w2.b3: {", ["variants.w2.b3", "cannot be a name"]),
    ("a capital", "  plain: {", "  Plain: {", ["variants.Plain", "lower-case"]),
    ("a param DVC does not see", "{width: 4, blocks: 6", "{size: 3, width: 4, blocks: 6", ["teachers.large.spec.size", "run cache does not see"]),
    ("another param DVC does not see", "train: 24", "nfiles: 24", ["datasets.faces.settings.nfiles", "run cache does not see"]),
    ("a short exponent", "learning_rate: 0.002", "learning_rate: 2e-3", ["judges.faces.learning_rate", "write 2.0e-3"]),
    ("a quoted number", "learning_rate: 0.002", "learning_rate: '0.002'", ["judges.faces.learning_rate", "take the quotes away"]),
    ("text for a number", "steps: 0, batch: 4", "steps: many, batch: 4", ["schedules.untrained.steps", "'many'"]),
    ("out of range", "decay_from: 0.5, decay: linear, average: 0.9", "decay_from: 1.5, decay: linear, average: 0.9", ["schedules.short.decay_from", "less than or equal to 1", "1.5"]),
    ("a wrong word", "precision: float32", "precision: float16", ["run.precision", "'float16' is not one of auto, float32, bfloat16", "did you mean 'bfloat16'?"]),
    ("a student wider than its teacher", "student: {width: 2, blocks: 3}, distill: {generator: none", "student: {width: 8, blocks: 3}, distill: {generator: none", ["variants.plain.student.width", "8 is larger than the teacher's 4"]),
    ("an unknown part of a spec", "student: {width: 2, blocks: 3}, distill: {generator: none", "student: {widht: 2, blocks: 3}, distill: {generator: none", ["variants.plain.student.widht", "did you mean 'width'?"]),
    ("a tap the teacher lacks", "match: {res5: res2, image", "match: {res6: res2, image", ["variants.taught.generator_lesson.match.res6", "'res6' is not a tap of the teacher"]),
    ("a tap the student lacks", "match: {res5: res2, image", "match: {res5: res3, image", ["variants.taught.generator_lesson.match.res5", "'res3' is not a tap of the student"]),
    ("a lesson's unknown setting", "weight: 10.0}, discriminator_lesson", "wieght: 10.0}, discriminator_lesson", ["variants.taught.generator_lesson.weight: is missing", "wieght", "did you mean 'weight'?"]),
    ("a lesson's weight of nothing", "weight: 10.0}, discriminator_lesson", "weight: 0.0}, discriminator_lesson", ["variants.taught.generator_lesson.weight", "greater than 0"]),
    ("another data set than the teacher's", "plain: {teacher: large, family: stargan, dataset: faces", "plain: {teacher: large, family: stargan, dataset: places", ["variants.plain.dataset", "'places' is not its teacher's dataset, 'faces'"]),
    ("a seed twice", "seeds: [0, 1], problem: two}\n  taught", "seeds: [1, 1], problem: two}\n  taught", ["variants.plain.seeds", "twice"]),
    ("a negative seed", "seeds: [0], problem", "seeds: [-1], problem", ["variants.teacher.seeds.0", "greater than or equal to 0"]),
    ("a label twice", "labels: [Male, Young]", "labels: [Male, Male]", ["teachers.large.labels", "Male stands twice"]),
    ("no judge", "judges:\n  faces:", "judges:\n  places:", ["judges", "'faces' has no judge"]),
    ("joint training without labels", "partner_labels: []", "partner_labels: [happy]", ["teachers.large.partner", "do not fit"]),
    ("not a mapping", TEXT, "- run\n- datasets\n", ["must hold sections"]),
    ("not YAML", "labels: [Male, Young]", "labels: [Male, Young", ["is not YAML", "line"]),
    ("a truth value elsewhere", "problem: two}\n  plain", "problem: no}\n  plain", ["variants.teacher.problem", "quote it"]),
    ("an empty file", TEXT, "", ["must hold sections"]),
]  # fmt: skip


def errors_of(text: str, folder: Path) -> str:
    """What a person reads about a params file."""
    file = folder / "params.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(params.ParamsError) as caught:
        params.load(file)
    return str(caught.value)


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_each_mistake_is_told(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    assert TEXT.count(old) == 1 or old == TEXT, f"the text to break must stand once: {old}"
    message = errors_of(TEXT.replace(old, new), tmp_path)
    for part in expected:
        assert part in message


def test_the_smallest_params_are_sound(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(TEXT, encoding="utf-8")
    loaded = params.load(file)
    assert list(loaded.variants) == ["teacher", "plain", "taught"]
    assert loaded.variants["taught"].generator_lesson["match"] == {"res5": "res2", "image": "image"}


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = TEXT.replace("generator: euclidean,", "generator: euclidian,").replace("teacher: larg", "teacher: lrg", 1)
    text = text.replace("compression: resize", "compression: resise", 1)
    message = errors_of(text, tmp_path)
    assert "euclidian" in message
    assert "resise" in message
    assert "'lrge'" in message
    assert message.startswith(f"{tmp_path / 'params.yaml'} has 3 error(s)")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(params.ParamsError, match="there is no such file"):
        params.load(tmp_path / "params.yaml")


def test_params_are_frozen(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(TEXT, encoding="utf-8")
    loaded = params.load(file)
    with pytest.raises(ValueError, match="frozen"):
        loaded.run.device = "cuda"  # type: ignore[misc]
