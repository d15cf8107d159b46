"""Each direction is a test of its own: its images, what perfection and doing nothing score, and what is reported."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from retort.checking import params as checking
from stages import build_judges
from stages.examinations import directions
from stages.measuring import chosen, damages, examination, judges, judging, palette, rulers, sittings, strips
from stages.measuring.columns import INPUT, PERFECT
from stages.measuring.judging import Bench
from stages.measuring.segmenter import Segmenter, lesson
from stages.settings import members, paths
from stages.settings.atomic import write_atomically
from stages.storage import prepared
from stages.storage.prepared import DataError
from tests import directed, judged, smallest
from tests.directed import FAMILY, networks
from tests.judged import CPU

SETTINGS = directions.Settings(
    extractor="judge",
    batch=10,
    images=100,
    resamples=100,
    seed=0,
    metrics={
        "pixels": {},
        "gain": {},
        "attributes": {},
        "fid": {"allow_small_samples": True},
        "kid": {"subsets": 2, "subset_images": 8},
        "cycles": {},
        "segmentation": {},
    },
)
SCORES = ("pixel_accuracy", "class_accuracy", "class_iou")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, prepared.Prepared]]:
    """Both kinds of data with their judges."""
    with contextlib.chdir(tmp_path_factory.mktemp("directions")):
        found = {kind: directed.write(kind) for kind in ("domains", "pairs")}
        content = judged.content()
        content["datasets"], content["judges"] = {}, {}
        for name in found:
            content["datasets"][name] = {"dataset": "avatars", "resolution": directed.SIDE, "settings": {}}
            content["judges"][name] = {**judged.ROW.model_dump(), "dataset": name, "steps": 60}
        judged.save(content)
        for name in found:
            build_judges.main(name)
        yield found


def bench(data: prepared.Prepared, **changes: Any) -> Bench:  # noqa: ANN401 - settings
    settings = SETTINGS.model_copy(update=changes)
    metrics = chosen.choose(settings.metrics, directions.OFFERS, "directions")
    return Bench(metrics, rulers.read(data.header, "judge", "", metrics, CPU), settings, CPU)


def judge(
    test: examination.Test, tools: Bench, translate: examination.Translator, back: examination.WayBack | None = None
) -> dict[str, Any]:
    """What is reported of one direction."""
    references = judging.references(test, tools)
    teacher = examination.perceptual_images(test, translate, tools.settings.batch)
    return sittings.judge(sittings.Sitting(test, tools, references, {}, teacher), translate, back)


def of_networks(test: examination.Test, tools: Bench, forth: float, back: float) -> dict[str, Any]:
    both = networks(forth, back)
    returning = examination.way_back(test, FAMILY, both, CPU)
    return judge(test, tools, examination.network(test, FAMILY, both, CPU), returning)


def test_a_direction_asks_images_of_its_source_and_knows_those_of_its_target(world: Any) -> None:  # noqa: ANN401
    data = world["domains"]
    split, half = data.split("test"), directed.COUNTS["test"] // 2
    for place, test in enumerate(directed.questions(data)):
        mine, other = (slice(0, half), slice(half, None))[:: 1 - 2 * place]
        assert test.name == f"domains to {directed.DOMAINS[1 - place]}"
        assert test.asked == (directed.DOMAINS[1 - place],)
        np.testing.assert_array_equal(test.images, split.images[mine])
        np.testing.assert_array_equal(test.truth(slice(None), 0), 255 - split.images[mine])
        for each in (test.native, test.idle.images):
            np.testing.assert_array_equal(each, split.images[other])
        np.testing.assert_array_equal(test.real, data.split("validation").images[other])
        assert (test.labels == np.eye(2)[place]).all()
        assert (test.wanted == np.eye(2)[1 - place]).all()
    few = examination.directed(test.domain, data.header, 10, data.split("validation"), (0, 1), True)
    assert [len(each) for each in (few.images, few.native, few.idle.images, few.real)] == [10] * 4
    assert sorted(few.rows) == list(examination.spaced(10, half))


def test_perfection_and_returning_the_input_score_what_they_must(world: Any) -> None:  # noqa: ANN401
    data = world["domains"]
    tools = bench(data)
    for test in directed.questions(data):
        perfect = judge(test, tools, examination.perfection(test))["overall"]
        lazy = judge(test, tools, examination.laziness(test))["overall"]
        assert (perfect["gain"], perfect["stray"], perfect["l1"], perfect["l1_identity"]) == (1, 0, 0, 0)
        assert (lazy["gain"], lazy["stray"], lazy["l1_identity"]) == (0, 0, 0)
        references = judging.references(test, tools)
        assert lazy["l1"] / references[f"{INPUT}l1"] == 1
        assert references[f"{PERFECT}gain"] == 1
        assert perfect["accuracy_target"] == tools.rulers.ceiling[test.asked[0]] == 1
        assert lazy["accuracy_target"] == 0
        assert perfect["fid_judge"] < lazy["fid_judge"]
        assert not any(name in perfect for name in ("l1_cycle", "l1_bayes", "accuracy_kept"))


def test_a_network_is_asked_for_its_direction_whatever_the_images(world: Any) -> None:  # noqa: ANN401
    """Levels times s: gain (1 − s) / 2; the identity and the cycle are of the network of the direction, and of both."""
    data, tools = world["domains"], bench(world["domains"])
    scales = (-0.5, 0.25)
    for place, test in enumerate(directed.questions(data)):
        found = of_networks(test, tools, *scales)["overall"]
        assert found["gain"] == pytest.approx((1 - scales[place]) / 2, abs=0.01)
        assert found["stray"] == pytest.approx(0, abs=0.02)
        size = np.abs(prepared.to_tensor(test.native).numpy() / 2).mean()
        assert found["l1_identity"] == pytest.approx((1 - scales[place]) * size, abs=0.003)
        size = np.abs(prepared.to_tensor(test.images).numpy() / 2).mean()
        assert found["l1_cycle"] == pytest.approx((1 + 0.5 * 0.25) * size, abs=0.003)
        there = of_networks(test, tools, -1.0, -1.0)["overall"]
        assert (there["gain"], there["l1"], there["l1_cycle"]) == (1, 0, 0)
        assert there["kept_colour"] == pytest.approx(1)


def test_overall_is_the_mean_of_independent_directions(world: Any) -> None:  # noqa: ANN401
    data, tools = world["domains"], bench(world["domains"])
    found = {test.name: of_networks(test, tools, -0.5, 0.25) for test in directed.questions(data)}
    whole = judging.together(found)
    assert list(whole["datasets"]) == ["domains to bright", "domains to dark"]
    assert [list(each["labels"]) for each in whole["datasets"].values()] == [["bright"], ["dark"]]
    for name, value in whole["overall"].items():
        parts = [each["overall"][name] for each in whole["datasets"].values()]
        assert value == pytest.approx(sum(parts) / 2), name
    errors = [each["spread"]["l1"][2] for each in found.values()]
    assert whole["standard_errors"]["l1"] == pytest.approx(np.hypot(*errors) / 2)
    assert whole["intervals"]["gain"][0] <= whole["overall"]["gain"] <= whole["intervals"]["gain"][1]
    for each in whole["datasets"].values():
        ((label, numbers),) = each["labels"].items()
        assert numbers["l1"] == each["overall"]["l1"], label
        assert numbers["kept_colour"] == each["overall"]["kept_colour"]


def test_numbers_do_not_depend_on_the_batch(world: Any) -> None:  # noqa: ANN401
    for kind in ("domains", "pairs"):
        test, *_ = directed.questions(world[kind])
        first, *others = (of_networks(test, bench(world[kind], batch=size), -0.5, 0.25) for size in (10, 7, 1000))
        for other in others:
            assert other["overall"].keys() == first["overall"].keys()
            for name, value in first["overall"].items():
                assert other["overall"][name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def test_without_exact_images_what_needs_them_is_left_out(world: Any, tmp_path: Any) -> None:  # noqa: ANN401
    with contextlib.chdir(tmp_path):
        blind = directed.write("domains", exact=False)
    test, *_ = directed.questions(blind)
    found = of_networks(test, bench(world["domains"]), -0.5, 0.25)["overall"]
    assert not {"l1", "gain", "stray", "kept_colour"} & set(found)
    assert {"l1_identity", "l1_cycle", "accuracy_target", "fid_judge", "kid_judge"} <= set(found)
    assert not any(name.startswith(PERFECT) for name in judging.references(test, bench(world["domains"])))


def test_the_truth_of_pairs_is_the_partner_where_none_is_stored(world: Any, tmp_path: Any) -> None:  # noqa: ANN401
    with contextlib.chdir(tmp_path):
        blind = directed.write("pairs", exact=False)
    for stored, aligned in zip(directed.questions(world["pairs"]), directed.questions(blind), strict=True):
        assert aligned.positions is None
        assert stored.partners is None
        for part in aligned.parts(7):
            np.testing.assert_array_equal(aligned.truth(part, 0), stored.truth(part, 0))


def test_photographs_are_read_by_rule_and_by_the_judge_s_reader(world: Any) -> None:  # noqa: ANN401
    data = world["pairs"]
    tools = bench(data)
    towards, back = directed.questions(data)
    perfect = judge(towards, tools, examination.perfection(towards))["overall"]
    assert [perfect[f"{name}_exact"] for name in SCORES] == [1, 1, 1]
    described = judges.read(paths.judge("pairs"))
    assert perfect["pixel_accuracy_fcn_judge"] == pytest.approx(described.about["pixels"], abs=1e-6)
    assert described.about["pixels"] > 0.9
    assert perfect["l1_bayes"] == 0
    references = judging.references(towards, tools)
    assert references[f"{PERFECT}class_iou_exact"] == 1
    lazy = judge(towards, tools, examination.laziness(towards))["overall"]
    assert lazy["l1_bayes"] == pytest.approx(lazy["l1"] / 0.05)
    assert lazy["pixel_accuracy_exact"] < 0.1
    assert "l1_identity" not in lazy
    # Towards label maps no class is read, and there is nothing random about them.
    other = judge(back, tools, examination.perfection(back))["overall"]
    assert not any(name.startswith((*SCORES, "l1_bayes")) for name in other)
    columns = tools.columns()
    assert columns["class_iou_exact"]["meaning"].endswith("without any network")
    assert columns["class_iou_fcn_judge"]["better"] == "max"


def test_the_reader_s_lesson_keeps_pixels_at_their_classes(world: Any) -> None:  # noqa: ANN401
    data = world["pairs"]
    classes = palette.of(data.header)
    assert classes is not None
    assert classes.prototypes is not None
    images, layout = lesson(data.split("train"), classes, 12, 0, 3)
    again, same = lesson(data.split("train"), classes, 12, 0, 3)
    assert torch.equal(images, again)
    assert torch.equal(layout, same)
    assert not torch.equal(images, lesson(data.split("train"), classes, 12, 0, 4)[0])
    read = torch.from_numpy(classes.seen(prepared.to_uint8(images))).long()
    inside = layout != palette.VOID
    assert float((read == layout)[inside].double().mean()) > 0.8, "tints and noise move some pixels, a shift all"


def test_only_judges_of_layouts_hold_a_reader(world: Any) -> None:  # noqa: ANN401
    described = judges.read(paths.judge("domains"))
    assert described.segmenter is None
    assert set(described.about) == {"row", "data", "kind", "ceiling"}
    reader = judges.read(paths.judge("pairs"))
    assert isinstance(reader.segmenter, Segmenter)
    assert reader.about["classes"] == ["road", "sky", "tree"]
    header = replace(world["domains"].header, labels=directed.PAIRS)
    other = {**reader.about, "classes": ["road", "sky"]}
    content = judges.serialise(reader.network, header.labels, judged.ROW.width, directed.SIDE, other)
    write_atomically(paths.judge("blind"), content)
    with pytest.raises(judges.JudgeError, match="does not read the classes of pairs; delete it and run again"):
        judges.read_for(paths.judge("blind"), world["pairs"].header)


def test_damages_are_done_to_what_translations_should_look_like(world: Any) -> None:  # noqa: ANN401
    for test in directed.questions(world["domains"]):
        found = list(damages.damaged(test))
        assert {kind for kind, _, _ in found} == {"noise", "blur", "tint"}
        for _, strength, images in found:
            assert len(images) == len(test.native)
            assert strength or np.array_equal(images, test.native)


def test_a_strip_of_a_teacher_goes_on_with_input_and_truth(world: Any) -> None:  # noqa: ANN401
    for test in directed.questions(world["domains"]):
        translate = examination.network(test, FAMILY, networks(-0.5, 0.25), CPU)
        lines, side = strips.lines(test, translate, True), directed.SIDE
        assert lines.shape == (strips.IMAGES * side, 3 * side, 3)
        np.testing.assert_array_equal(lines[:side, side : 2 * side], test.images[0])
        np.testing.assert_array_equal(lines[:side, 2 * side :], test.truth(slice(1), 0)[0])


def test_data_without_two_domains_are_refused(world: Any, tmp_path: Any) -> None:  # noqa: ANN401
    with contextlib.chdir(tmp_path):
        data = judged.faces("faces", train=4, test=4)
    test, *_ = directed.questions(world["domains"])
    with pytest.raises(DataError, match="data set faces is of attributes; directions need two domains"):
        examination.directed(test.domain, data.header, 4, data.split("validation"), (0, 1), True)


def test_a_family_names_directions_between_two_labels() -> None:
    offering = [members.load("families", name) for name in members.names("families")]
    for family in [FAMILY, *(family for family in offering if hasattr(family, "DIRECTIONS"))]:
        assert family.DIRECTIONS
        assert set(family.DIRECTIONS) <= {(0, 1), (1, 0)}
        assert list(inspect.signature(family.translate).parameters) == ["networks", "image", "source", "target"]


EVALUATION = """evaluation:
  directions: {extractor: judge, batch: 8, images: 16, resamples: 100, seed: 0, metrics: {gain: {}}}
  classification: {batch: 8, resamples: 100, seed: 0, metrics: {classification: {}}}
"""


@pytest.mark.parametrize(
    ("examination", "told"),
    [
        (
            "directions",
            "'directions' needs a family that offers DIRECTIONS, which stargan does not and judges domains, pairs, and "
            "data set 'faces' holds attributes; write translation",
        ),
        ("classification", "'classification' looks at classes, logits of networks, which those of stargan do not have"),
    ],
)
def test_an_examination_that_is_not_meant_for_a_row_is_refused(tmp_path: Any, examination: str, told: str) -> None:  # noqa: ANN401
    text = smallest.TEXT.replace("evaluation:\n", EVALUATION)
    file = tmp_path / "params.yaml"
    file.write_text(text, encoding="utf-8")
    checking.checked(file)
    file.write_text(text.replace("examination: translation", f"examination: {examination}"), encoding="utf-8")
    with pytest.raises(checking.ParamsError) as error:
        checking.checked(file)
    assert f"variants.plain.examination: {told}" in str(error.value)
