# ruff: noqa: E501 - a table
"""Params files as people write them: the sound one loads, each broken one is told in a sentence, all errors at once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from retort.checking import params
from retort.checking.sentences import Problem
from stages.settings.params import sections
from tests.smallest import TEXT

BROKEN: list[tuple[str, str, str, list[str]]] = [
    ("near miss of a lesson", "distill: {generator: euclidean,", "distill: {generator: euclidian,", ["variants.taught.distill.generator", "'euclidian'", "did you mean 'euclidean'?"]),
    ("near miss of a compression", "plain: {<<: *none, teacher: large, compression: resize", "plain: {<<: *none, teacher: large, compression: resise", ["variants.plain.compression", "did you mean 'resize'?"]),
    ("near miss of a data set reader", "dataset: avatars", "dataset: avatar", ["datasets.faces.dataset", "did you mean 'avatars'?"]),
    ("name of a folder that is taken", "  faces: {dataset: avatars, resolution: 16", "  weights: {dataset: avatars, resolution: 16", ["datasets.weights", "data/weights holds files from elsewhere"]),
    ("near miss of a family", "large: {family: stargan", "large: {family: stargen", ["teachers.large.family", "did you mean 'stargan'?"]),
    ("unknown teacher", "plain: {<<: *none, teacher: large", "plain: {<<: *none, teacher: larger", ["variants.plain.teacher", "'larger'", "did you mean 'large'?"]),
    ("unknown schedule", "schedule: untrained", "schedule: untraind", ["variants.teacher.schedule", "did you mean 'untrained'?"]),
    ("unknown key", "seed: 0}\nschedules", "sead: 0}\nschedules", ["judges.faces.seed: is missing", "judges.faces.sead: is not a known key — did you mean 'seed'?"]),
    ("unknown section", "latency:", "latencies:", ["latencies: is not a known key — did you mean 'latency'?", "latency: is missing"]),
    ("a key twice", "  teacher: {<<: *none, teacher", "  plain: {<<: *none, teacher", ["line 14", "'plain' stands twice"]),
    ("a tab", "  faces: {dataset: faces", "\tfaces: {dataset: faces", ["line 5", "tab"]),
    ("a numeric name", "  plain: {", "  12: {", ["variants.12", "12 cannot be a name", "DVC runs nothing for a number"]),
    ("a dotted name", "  plain: {", "  w2.b3: {", ["variants.w2.b3", "cannot be a name"]),
    ("a capital", "  plain: {", "  Plain: {", ["variants.Plain", "lower-case"]),
    ("a param DVC does not see", "{width: 4, blocks: 6", "{size: 3, width: 4, blocks: 6", ["teachers.large.spec.size", "run cache does not see"]),
    ("another param DVC does not see", "train: 24", "nfiles: 24", ["datasets.faces.settings.nfiles", "run cache does not see"]),
    ("a short exponent", "learning_rate: 0.002", "learning_rate: 2e-3", ["judges.faces.learning_rate", "write 2.0e-3"]),
    ("a quoted number", "learning_rate: 0.002", "learning_rate: '0.002'", ["judges.faces.learning_rate", "take the quotes away"]),
    ("text for a number", "steps: 0, batch: 4", "steps: many, batch: 4", ["schedules.untrained.steps", "'many'"]),
    ("no number", "steps: 0, batch: 4", "steps: .nan, batch: 4", ["schedules.untrained.steps", "nan is not a finite number"]),
    ("out of range", "decay_from: 0.5, decay: linear, average: 0.9", "decay_from: 1.5, decay: linear, average: 0.9", ["schedules.short.decay_from", "less than or equal to 1", "1.5"]),
    ("a wrong word", "precision: float32", "precision: float16", ["run.precision", "'float16' is not one of auto, float32, bfloat16", "did you mean 'bfloat16'?"]),
    ("a section left empty", "latency: {batches: [1], repeats: 3, warmup: 1}", "latency:", ["latency: is left empty; write a value, or take the key out"]),
    ("a lesson left empty", "generator_lesson: {match: {res5: res2, image: image}, weight: 10.0}", "generator_lesson: ", ["variants.taught.generator_lesson: is left empty"]),
    ("a student wider than its teacher", "plain: {<<: *none, teacher: large, compression: resize, student: {width: 2", "plain: {<<: *none, teacher: large, compression: resize, student: {width: 8", ["variants.plain.student.width", "8 is larger than the teacher's 4"]),
    ("an unknown part of a spec", "plain: {<<: *none, teacher: large, compression: resize, student: {width", "plain: {<<: *none, teacher: large, compression: resize, student: {widht", ["variants.plain.student.widht", "did you mean 'width'?"]),
    ("a part of a spec that data decide", "plain: {<<: *none, teacher: large, compression: resize, student: {width", "plain: {<<: *none, teacher: large, compression: resize, student: {resolution", ["variants.plain.student.resolution", "comes from the teacher's labels and data"]),
    ("a tap the teacher lacks", "match: {res5: res2, image", "match: {res6: res2, image", ["variants.taught.generator_lesson.match.res6", "'res6' is not a tap of the teacher"]),
    ("a tap the student lacks", "match: {res5: res2, image", "match: {res5: res3, image", ["variants.taught.generator_lesson.match.res5", "'res3' is not a tap of the student"]),
    ("a tap of the critic", "distill: {generator: euclidean, discriminator: euclidean}, generator_lesson: {match: {res5: res2, image: image}, weight: 10.0}", "distill: {generator: critic, discriminator: euclidean}, generator_lesson: {layers: [trunk0, trunk9], weight: 10.0}", ["variants.taught.generator_lesson.layers[1]", "'trunk9' is not a tap of the teacher's critic"]),
    ("a lesson's unknown setting", "weight: 10.0}, discriminator_lesson", "wieght: 10.0}, discriminator_lesson", ["variants.taught.generator_lesson.weight: is missing", "wieght", "did you mean 'weight'?"]),
    ("a lesson's weight of nothing", "weight: 10.0}, discriminator_lesson", "weight: 0.0}, discriminator_lesson", ["variants.taught.generator_lesson.weight", "greater than 0"]),
    ("a student that cannot be made", "plain: {<<: *none, teacher: large, compression: resize", "plain: {<<: *none, teacher: large, compression: inherit, compression_settings: {freeze: false}", ["variants.plain.compression: ", "inherit copies the teacher's encoder", "leave width out"]),
    ("a lesson for other networks", "distill: {generator: euclidean, discriminator: euclidean}, generator_lesson: {match: {res5: res2, image: image}, weight: 10.0}", "distill: {generator: soft_labels, discriminator: euclidean}, generator_lesson: {alpha: 0.5, temperature: 4.0}", ["variants.taught.distill: ", "soft_labels compares classes"]),
    ("maps whose pixels do not correspond", "distill: {generator: euclidean, discriminator: euclidean}, generator_lesson: {match: {res5: res2, image: image}, weight: 10.0}", "distill: {generator: semantic_relation, discriminator: euclidean}, generator_lesson: {match: {down: image}, weight: 10.0}", ["variants.taught.distill: ", "the teacher's down is 4 x 4, the student's image 16 x 16"]),
    ("a lesson of no term", "distill: {generator: euclidean, discriminator: euclidean}, generator_lesson: {match: {res5: res2, image: image}, weight: 10.0}", "distill: {generator: combined, discriminator: euclidean}, generator_lesson: {}", ["variants.taught.distill: ", "none of them is asked for"]),
    ("a term's unknown setting", "distill: {generator: euclidean, discriminator: euclidean}, generator_lesson: {match: {res5: res2, image: image}, weight: 10.0}", "distill: {generator: combined, discriminator: euclidean}, generator_lesson: {image: {weight: 1.0, nrom: 1}}", ["variants.taught.generator_lesson.image.nrom: is not a setting here"]),
    ("a term's tap", "distill: {generator: euclidean, discriminator: euclidean}, generator_lesson: {match: {res5: res2, image: image}, weight: 10.0}", "distill: {generator: combined, discriminator: euclidean}, generator_lesson: {relation: {weight: 1.0, match: {down: up}}}", ["variants.taught.generator_lesson.relation.match.down: ", "'up' is not a tap of the student"]),
    ("near miss of a pace", "weight: 10.0}, schedule", "weight: 10.0}, pace: {generator: linaer, discriminator: constant}, schedule", ["variants.taught.pace.generator", "'linaer' is not in stages/paces — did you mean 'linear'?"]),
    ("a pace's unknown setting", "weight: 10.0}, schedule", "weight: 10.0}, pace: {generator: linear, discriminator: constant}, generator_pace: {ende: 0.5}, schedule", ["variants.taught.generator_pace.ende", "did you mean 'end'?"]),
    ("a pace's range", "weight: 10.0}, schedule", "weight: 10.0}, pace: {generator: step, discriminator: constant}, generator_pace: {at: 1.5}, schedule", ["variants.taught.generator_pace.at", "less than or equal to 1", "1.5"]),
    ("a pace that ends before it begins", "weight: 10.0}, schedule", "weight: 10.0}, pace: {generator: linear, discriminator: constant}, generator_pace: {begin: 0.8, end: 0.2}, schedule", ["variants.taught.generator_pace: ", "begins before it ends"]),
    ("a pace without a lesson", "plain: {<<: *none, ", "plain: {<<: *none, pace: {generator: cosine, discriminator: constant}, ", ["variants.plain.pace.generator", "'cosine' moves the weight of a lesson", "write constant, or name a lesson"]),
    ("feedback for a critic's lesson", "weight: 10.0}, schedule", "weight: 10.0}, pace: {generator: constant, discriminator: conflict}, schedule", ["variants.taught.pace.discriminator", "cannot pace the discriminator lesson"]),
    ("feedback that is never measured", "weight: 10.0}, schedule", "weight: 10.0}, pace: {generator: conflict, discriminator: constant}, schedule", ["variants.taught.pace.generator", "never moves the weight of this lesson", "write `evidence: 50`"]),
    ("evidence of no lesson", "plain: {<<: *none, ", "plain: {<<: *none, evidence: 10, ", ["variants.plain.evidence", "has no generator lesson", "write 0"]),
    ("play that the family does not know", "plain: {<<: *none, ", "plain: {<<: *none, play: {critic_step: 1, targets: permuted, augment: none}, ", ["variants.plain.play.critic_step", "did you mean 'critic_steps'?"]),
    ("play out of range", "plain: {<<: *none, ", "plain: {<<: *none, play: {critic_steps: 0, targets: permuted, augment: none}, ", ["variants.plain.play.critic_steps", "greater than or equal to 1", "found 0"]),
    ("a teacher's play", "play: {critic_steps: 1, targets: permuted, augment: none}, schedule: short, seed", "play: {critic_steps: 1, targets: never, augment: none}, schedule: short, seed", ["teachers.large.play.targets", "'never'"]),
    ("near miss of an examination", "examination: translation", "examination: translatoin", ["variants.plain.examination", "is not described under `evaluation`", "did you mean 'translation'?"]),
    ("an examination that does not exist", "  translation: {extractor", "  translations: {extractor", ["evaluation.translations", "is not in stages/examinations", "did you mean 'translation'?"]),
    ("an examination's unknown setting", "extractor: judge", "extracter: judge", ["evaluation.translation.extracter", "did you mean 'extractor'?"]),
    ("near miss of a metric", "attributes: {}", "atributes: {}", ["evaluation.translation.metrics.atributes", "did you mean 'attributes'?"]),
    ("a metric of other rows", "attributes: {}", "calibration: {}", ["evaluation.translation.metrics.calibration", "needs 'logits', and this examination offers", "take the metric out"]),
    ("a metric that a stage measures by itself", "attributes: {}", "latency: {}", ["evaluation.translation.metrics.latency", "measured by a stage of its own"]),
    ("a metric's unknown setting", "neighbours: 3", "neighbors: 3", ["evaluation.translation.metrics.diversity.neighbors", "did you mean 'neighbours'?"]),
    ("a metric without settings", "attributes: {}", "attributes: 3", ["evaluation.translation.metrics", "names each metric with its settings"]),
    ("another data set than the teacher's", "plain: {<<: *none, ", "plain: {<<: *none, dataset: places, ", ["variants.plain.dataset", "'places' is not its teacher's dataset; write 'faces'"]),
    ("a seed twice", "schedule: short, seeds: [0, 1]}\n  taught", "schedule: short, seeds: [1, 1]}\n  taught", ["variants.plain.seeds", "twice"]),
    ("a negative seed", "schedule: untrained, seeds: [0]", "schedule: untrained, seeds: [-1]", ["variants.teacher.seeds.0", "greater than or equal to 0"]),
    ("a label twice", "labels: [Male, Young]", "labels: [Male, Male]", ["teachers.large.labels", "Male stands twice"]),
    ("a label that the data lack", "labels: [Male, Young]", "labels: [Male, Old]", ["teachers.large.labels[1]", "'Old' is not a label of data set 'faces'"]),
    ("a label that is no text", "labels: [Male, Young]", "labels: [Male, 0x10]", ["teachers.large.labels.1", "valid string", "found 16 (int)"]),
    ("frequencies that nobody can have", "test: 16, seed: 0}", "test: 16, seed: 0, frequencies: {Black_Hair: 0.9}}", ["datasets.faces.settings", "nobody has two hair colours"]),
    ("fresh draws of correlated people", "test: 16, seed: 0}", "test: 16, seed: 0, fresh: 8, correlations: [{first: Male, second: Young, strength: 0.5}]}", ["datasets.faces.settings", "fresh: correlations are set"]),
    ("no judge", "judges:\n  faces: {dataset: faces, width: 8, steps: 4, batch: 8, learning_rate: 0.002, seed: 0}", "judges: {}", ["judges: data set 'faces' has no judge"]),
    ("a judge of another name", "  faces: {dataset: faces, width", "  eyes: {dataset: faces, width", ["judges.eyes.dataset", "call the judge 'faces'"]),
    ("joint training without labels", "partner_labels: []", "partner_labels: [happy]", ["teachers.large.partner", "leave partner_labels empty"]),
    ("a teacher's unknown spec", "output: gated}", "output: gated, depth: 3}", ["teachers.large.spec.depth", "is not a setting here"]),
    ("a teacher's unknown loss", "cycle: 10.0", "cylce: 10.0", ["teachers.large.losses.cylce", "did you mean 'cycle'?"]),
    ("not a mapping", TEXT, "- run\n- datasets\n", ["must hold sections"]),
    ("not YAML", "labels: [Male, Young]", "labels: [Male, Young", ["is not YAML", "line"]),
    ("a control character", "labels: [Male, Young]", "labels: [Male, Yo\x01ung]", ["line", "holds a character that no YAML may, number 1"]),
    ("a truth value elsewhere", "problem: two}\nvariants", "problem: no}\nvariants", ["problem: no is a truth value to some YAML readers"]),
    ("an empty file", TEXT, "", ["must hold sections"]),
]  # fmt: skip


def errors_of(text: str, folder: Path) -> str:
    """What a person reads about a params file."""
    file = folder / "params.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(params.ParamsError) as caught:
        params.checked(file)
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
    loaded = params.checked(file)
    assert list(loaded.variants) == ["teacher", "plain", "taught"]
    assert loaded.variants["taught"].generator_lesson["match"] == {"res5": "res2", "image": "image"}


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = TEXT.replace("{generator: euclidean,", "{generator: euclidian,").replace("teacher: larg", "teacher: lrg", 1)
    text = text.replace("compression: resize", "compression: resise", 1)
    message = errors_of(text, tmp_path)
    assert "euclidian" in message
    assert "resise" in message
    assert "'lrge'" in message
    assert message.startswith(f"{tmp_path / 'params.yaml'} has 3 error(s)")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(params.ParamsError, match="there is no such file"):
        params.checked(tmp_path / "params.yaml")


def test_params_are_frozen(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(TEXT, encoding="utf-8")
    loaded = params.checked(file)
    with pytest.raises(ValueError, match="frozen"):
        loaded.run.device = "cuda"  # type: ignore[misc]


Place = tuple[str | int, ...]
MUTATIONS: tuple[object, ...] = (
    "oops",
    -1,
    0,
    0.5,
    math.nan,
    10**400,
    True,
    None,
    [1, "a"],
    [],
    {"a": 1},
    {},
    "taken out",
)


def places(content: object, inside: Place = ()) -> Iterator[Place]:
    """Where a value stands in a tree."""
    keys = (
        list(content) if isinstance(content, dict) else list(range(len(content))) if isinstance(content, list) else []
    )
    for key in keys:
        yield (*inside, key)
        yield from places(content[key], (*inside, key))  # type: ignore[index]


def mutated(text: str, place: Place, value: object) -> dict[str, Any]:
    """A params file whose value at a place is another, or is taken out."""
    content: Any = json.loads(text)
    around = content
    for key in place[:-1]:
        around = around[key]
    around[place[-1]] = value
    if value == "taken out":
        del around[place[-1]]
    return content


@pytest.mark.parametrize("turn", range(3))
def test_whatever_a_value_is_changed_to_is_sound_or_told(turn: int) -> None:
    file = Path(__file__).parents[1] / "scales" / "smoke.yaml"
    text = json.dumps(sections(YAML(typ="safe").load(file.read_text(encoding="utf-8"))))
    told: list[tuple[Place, object, list[Problem]]] = []
    for index, place in enumerate(list(places(json.loads(text)))[turn::3]):
        value = MUTATIONS[(index + turn) % len(MUTATIONS)]
        try:
            params.validate(mutated(text, place, value))
        except params.ParamsError as error:
            told += [(place, value, error.problems)]
    assert len(told) > index / 2
    for place, value, found in told:
        assert all(problem.path and len(problem.sentence) > 10 for problem in found), (place, value)
