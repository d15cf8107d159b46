"""Judging: perfection, doing nothing and the teacher score what they must, whatever the batch; nothing is invented."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from stages import establish_protocols, evaluate_quality
from stages.examinations import translation
from stages.families import stargan
from stages.learning import problems, roles
from stages.measuring import chosen, examination, judging, protocols, rulers
from stages.measuring.columns import INPUT, PERFECT
from stages.measuring.features import extract
from stages.measuring.judging import Bench
from stages.settings import members, paths
from stages.storage import prepared
from stages.storage.prepared import to_tensor
from stages.storage.weights import WeightsError
from tests import judged
from tests.judged import CPU

LABELS = ("Black_Hair", "Brown_Hair", "Male", "Young", "Rosy_Cheeks")
SETTINGS = translation.Settings(
    extractor="judge",
    batch=20,
    images=48,
    resamples=100,
    seed=0,
    metrics={
        "pixels": {},
        "attributes": {},
        "lpips": {"network": "judge"},
        "fid": {"allow_small_samples": True},
        "kid": {"subsets": 4, "subset_images": 20},
        "diversity": {"neighbours": 3},
    },
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[prepared.Prepared]:
    with contextlib.chdir(tmp_path_factory.mktemp("judged")):
        found = judged.faces("faces", train=600, test=50)
        judged.judge(found)
        yield found


def sit(data: prepared.Prepared, labels: tuple[str, ...] = LABELS, **changes: Any) -> examination.Test:  # noqa: ANN401
    (domain,) = problems.of_parts([(data, labels)], "test").domains
    images = SETTINGS.model_copy(update=changes).images
    return examination.prepare(domain, data.header, images, data.split("validation"))


def bench_of(data: prepared.Prepared, **changes: Any) -> Bench:  # noqa: ANN401 - settings
    settings = SETTINGS.model_copy(update=changes)
    metrics = chosen.choose(settings.metrics, translation.OFFERS, "translation")
    return Bench(metrics, rulers.read(data.header, "judge", "", metrics, CPU), settings, CPU)


def student(test: examination.Test, seed: int = 0) -> examination.Translator:
    torch.manual_seed(seed)
    spec = stargan.make_spec(
        {"width": 4, "blocks": 2, "critic_width": 4}, test.domain.labels, 1, test.header.resolution
    )
    family = members.load("families", "stargan")
    networks = {name: each.eval() for name, each in roles.kept(family, family.build(spec)).items()}
    return examination.network(test, family, networks, CPU)


def taken(test: examination.Test, translate: examination.Translator, bench: Bench) -> Any:  # noqa: ANN401
    found = judging.take(test, translate, bench, None)
    real = extract(bench.rulers.features, test.real, batch=bench.settings.batch)
    return found, {**judging.means(found), **judging.distances(real, found.features, bench)}


@pytest.mark.parametrize("kind", ["attributes", "expressions"])
def test_the_labels_asked_for_are_those_of_the_exact_images(kind: str, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        data = judged.faces("other", train=1, test=40, labels=kind)
    split = data.split("test")
    assert split.counterfactual_labels is not None
    for position, name in enumerate(data.header.targets):
        asked = examination.wanted(split.labels, data.header, name)
        np.testing.assert_array_equal(asked, split.counterfactual_labels[:, position])


def test_every_image_is_asked_once_and_enters_the_set_once(data: prepared.Prepared) -> None:
    test = sit(data, images=48)
    assert sorted(test.rows) == list(examination.spaced(48, 50))
    np.testing.assert_array_equal(test.images, data.split("test").images[test.rows])
    assert [index for part in test.parts(7) for index in range(len(test.images))[part]] == list(range(48))
    asked: dict[int, list[int]] = {}

    def translate(part: slice, target: int | None) -> prepared.Bytes:
        if target is not None:
            asked.setdefault(target, []).extend(range(len(test.images))[part])
        return np.full_like(test.images[part], 50 * (target or 0))

    bench = bench_of(data)
    found = judging.take(test, translate, bench, None)
    assert asked == {target: list(range(48)) for target in range(len(LABELS))}
    flat = np.stack([np.full_like(test.images[0], 50 * (index % len(LABELS))) for index in range(48)])
    torch.testing.assert_close(found.features, bench.rulers.features(to_tensor(flat)), rtol=1e-4, atol=1e-4)


def test_a_perfect_translator_has_no_error_and_the_highest_accuracy(data: prepared.Prepared) -> None:
    test, bench = sit(data), bench_of(data)
    found, perfect = taken(test, examination.perfection(test), bench)
    for column in ("l1", "l1_inside", "l1_outside", "l1_identity", "lpips_judge_truth"):
        assert perfect[column] == 0
    assert perfect["ssim"] == pytest.approx(1)
    others = [taken(test, other, bench)[1] for other in (examination.laziness(test), student(test))]
    for other in others:
        assert perfect["accuracy_target"] > other["accuracy_target"]
        assert perfect["psnr"] > other["psnr"]
    for label, numbers in judging.by_label(test, found).items():
        assert numbers["l1"] == 0, label
    assert perfect["accuracy_target"] > 0.7


def test_returning_the_input_pays_inside_alone(data: prepared.Prepared) -> None:
    test, bench = sit(data), bench_of(data)
    _, lazy = taken(test, examination.laziness(test), bench)
    split = data.split("test")
    assert split.counterfactuals is not None
    positions = [data.header.targets.index(name) for name in LABELS]
    exact = split.counterfactuals[test.rows][:, positions].astype(float)
    change = np.abs(exact - split.images[test.rows][:, None].astype(float)) / 255
    assert lazy["l1"] == pytest.approx(change.mean())
    assert lazy["l1_outside"] == 0
    assert lazy["l1_identity"] == 0
    assert lazy["l1_inside"] > 3 * lazy["l1"]
    # Real images of two splits differ by their sampling; such distances do not see that nothing was done.
    assert not {each.tobytes() for each in test.real} & {each.tobytes() for each in test.images}
    other = taken(test, student(test), bench)[1]
    assert 1e-3 < lazy["fid_judge"] < other["fid_judge"]
    assert lazy["precision_judge"] > other["precision_judge"]


def test_references_are_the_scores_of_perfection_and_of_doing_nothing(data: prepared.Prepared) -> None:
    test, bench = sit(data), bench_of(data)
    found = judging.references(test, bench)
    for name, translate in ((INPUT, examination.laziness(test)), (PERFECT, examination.perfection(test))):
        _, numbers = taken(test, translate, bench)
        mine = {key for key in found if key.startswith(name) and "/" not in key}
        assert mine == {f"{name}{column}" for column in numbers}
        assert all(float(found[f"{name}{column}"]) == pytest.approx(number) for column, number in numbers.items())


def test_results_do_not_depend_on_the_batch(data: prepared.Prepared) -> None:
    """Within 1e-3 of the value: arithmetic in another order may move a pixel by one of 255 levels."""
    test, bench = sit(data), bench_of(data)
    _, expected = taken(test, student(test), bench)
    for batch in (7, 48):
        _, numbers = taken(test, student(test), bench_of(data, batch=batch))
        assert numbers.keys() == expected.keys()
        for column, number in numbers.items():
            assert number == pytest.approx(expected[column], rel=1e-3, abs=1e-3), (column, batch)


def test_data_without_exact_images_have_no_exact_error(tmp_path: Path, data: prepared.Prepared) -> None:
    with contextlib.chdir(tmp_path):
        blind = judged.faces("faces", exact=False, train=1, test=50)
    test, bench = sit(blind), bench_of(data)
    found, numbers = taken(test, student(test), bench)
    assert not {"l1", "l1_inside", "psnr", "ssim", "lpips_judge_truth"} & set(numbers)
    assert {"accuracy_target", "accuracy_kept", "l1_identity", "fid_judge"} <= set(numbers)
    assert not any(name.startswith("perfect") for name in judging.references(test, bench))
    # What can be measured is the same as with them.
    with_truth = sit(data)
    assert (
        judging.by_label(with_truth, taken(with_truth, student(with_truth), bench)[0])["Male"]["accuracy_kept"]
        == (judging.by_label(test, found)["Male"]["accuracy_kept"])
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[judged.Content]:
    """Two data sets, two problems, rows of chance, all on disk."""
    content = judged.content()
    faces = {"dataset": "avatars", "resolution": 32, "settings": {"labels": "attributes", "train": 60, "validation": 40, "test": 40, "seed": 0}}  # fmt: skip # noqa: E501
    moods = {**faces, "settings": {**faces["settings"], "labels": "expressions"}}  # type: ignore[dict-item]
    content["datasets"] = {"faces": faces, "moods": moods}
    judge = content["judges"]["faces"]
    content["judges"] = {"faces": judge, "moods": {**judge, "dataset": "moods"}}
    large = content["teachers"]["large"]
    content["teachers"]["joint"] = {**large, "partner": "moods", "partner_labels": ["happy", "neutral", "sad"]}
    rows = content["variants"]
    rows["joint-teacher"] = {**rows["teacher"], "teacher": "joint", "partner": "moods", "problem": "joint"}
    content["evaluation"]["translation"] |= {"batch": 16, "images": 40}
    with contextlib.chdir(tmp_path_factory.mktemp("world")):
        settings = judged.save(content)
        for name, row in settings.datasets.items():
            judged.judge(judged.faces(name, **row.settings), steps=2)
        judged.networks(settings)
        establish_protocols.main("translation")
        yield content


def report(name: str) -> Any:  # noqa: ANN401 - what JSON holds
    evaluate_quality.main(name)
    return json.loads(paths.quality(name).read_text(encoding="utf-8"))


@pytest.mark.usefixtures("world")
def test_the_teacher_is_at_no_distance_from_itself() -> None:
    found = report("teacher")
    (seed,) = found["seeds"].values()
    assert seed["training_precision"] == "float32"
    assert seed["overall"]["lpips_judge_teacher"] == 0
    assert seed["overall"]["lpips_judge_truth"] > 0
    assert set(found["sanity"]["faces"]) == {"noise", "blur", "tint", "dropped"}
    for lines in found["sanity"]["faces"].values():
        assert lines[0][0] == 0
        assert all(len(line) == 1 + len(found["sanity_columns"]) for line in lines)
    assert found["sanity_columns"] == ["fid_judge", "kid_judge"]
    assert report("plain")["sanity"] == {"faces": {}}
    other = report("plain")["seeds"]
    assert list(other) == ["0", "1"]
    assert all(each["overall"]["lpips_judge_teacher"] > 0 for each in other.values())


@pytest.mark.usefixtures("world")
def test_a_report_says_what_its_numbers_depend_on() -> None:
    found = report("plain")
    assert found["variant"] == "plain"
    assert found["protocol"]["shared"]["split"] == "test"
    assert found["protocol"]["shared"]["precision"] == "float32"
    assert found["protocol"]["shared"]["examination"] == "translation"
    established = json.loads(paths.protocol("translation").read_text(encoding="utf-8"))
    assert found["protocol"]["shared"]["metrics"] == established["metrics"]
    assert set(established["metrics"]) == set(SETTINGS.metrics)
    assert found["headline"] == "l1"
    assert set(found["columns"]) == set(found["seeds"]["0"]["overall"])
    assert all(each["meaning"] and each["title"] for each in found["columns"].values())
    assert found["columns"]["lpips_judge_truth"]["metric"] == "lpips"
    assert found["columns"]["fid_judge"]["meaning"].endswith("in the judge's features")
    lazy = found["label_references"]["faces"]
    assert list(lazy) == list(found["seeds"]["0"]["datasets"]["faces"]["labels"])
    mean = sum(each["l1"] for each in lazy.values()) / len(lazy)
    assert mean == pytest.approx(found["references"]["reference_input_l1"], abs=2e-6)
    data = found["protocol"]["datasets"]["faces"]
    assert data["images"] == data["real_images"] == 40
    assert data["resolution"] == 32
    assert data["data"] == prepared.read(paths.dataset("faces")).header.sha256[:16]
    assert len(data["judge"]) == len(data["extractor"]) == 16
    assert found["ceiling"]["faces"]["mean"] > 0
    for seed in found["seeds"].values():
        for name, (low, high) in seed["intervals"].items():
            assert low <= seed["overall"][name] <= high or name in ("l1_inside", "l1_outside")
            assert seed["standard_errors"][name] >= 0
        each = [numbers["l1"] for numbers in seed["datasets"]["faces"]["labels"].values()]
        assert seed["overall"]["l1"] == pytest.approx(np.mean(each), rel=1e-4)


@pytest.mark.usefixtures("world")
def test_what_rows_share_is_computed_once_and_changes_nothing() -> None:
    evaluate_quality.main("plain")
    first = paths.quality("plain").read_bytes(), paths.samples("plain").read_bytes()
    kept = {file: file.stat().st_mtime_ns for file in paths.STATE.glob("scratch/*/*")}
    assert len(kept) >= 2
    evaluate_quality.main("plain")
    assert (paths.quality("plain").read_bytes(), paths.samples("plain").read_bytes()) == first
    assert {file: file.stat().st_mtime_ns for file in paths.STATE.glob("scratch/*/*")} == kept
    for file in kept:
        file.unlink()
    evaluate_quality.main("plain")
    assert (paths.quality("plain").read_bytes(), paths.samples("plain").read_bytes()) == first
    assert not list(paths.STATE.glob("scratch/*/*.partial"))


@pytest.mark.usefixtures("world")
def test_two_data_sets_count_equally() -> None:
    (seed,) = report("joint-teacher")["seeds"].values()
    parts = [each["overall"] for each in seed["datasets"].values()]
    assert list(seed["datasets"]) == ["faces", "moods"]
    assert seed["training_precision"] == "float32"
    assert seed["overall"]["lpips_judge_teacher"] == 0
    for column in ("l1", "psnr", "accuracy_target", "fid_judge", "recall_judge"):
        assert seed["overall"][column] == pytest.approx(sum(part[column] for part in parts) / 2, rel=1e-4, abs=1e-6)
    # Expressions leave nothing to keep, so the pair has no such number.
    assert "accuracy_kept" in parts[0]
    assert "accuracy_kept" not in seed["overall"]


@pytest.mark.usefixtures("world")
def test_the_strip_of_a_teacher_goes_on_with_input_and_truth() -> None:
    evaluate_quality.main("teacher")
    evaluate_quality.main("plain")
    picture = np.asarray(Image.open(paths.samples("teacher")))
    rows, labels, side = picture.shape[0] // 32, 2, 32
    assert picture.shape[1] == (labels + 1 + labels) * side
    assert np.asarray(Image.open(paths.samples("plain"))).shape == (rows * side, labels * side, 3)
    split = prepared.read(paths.dataset("faces")).split("test")
    assert split.counterfactuals is not None
    tile = {
        (r, c): picture[r * side : (r + 1) * side, c * side : (c + 1) * side] for r in range(rows) for c in range(5)
    }
    for row in range(rows):
        (index,) = [i for i, image in enumerate(split.images) if np.array_equal(image, tile[row, labels])]
        for column, name in enumerate(("Male", "Young")):
            position = prepared.read(paths.dataset("faces")).header.targets.index(name)
            np.testing.assert_array_equal(tile[row, labels + 1 + column], split.counterfactuals[index, position])


def test_missing_weights_stop_before_anything_is_computed(
    world: judged.Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RETORT_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    before = sorted(paths.STATE.rglob("*")), sorted(paths.RESULTS.rglob("*"))
    own = world["evaluation"]["translation"]
    published = {**own, "metrics": {**own["metrics"], "lpips": {"network": "alex"}}}
    for changed in ({**own, "extractor": "inception"}, published):
        judged.save({**world, "evaluation": {"translation": changed}})
        establish_protocols.main("translation")
        with pytest.raises(WeightsError, match="data/weights"):
            evaluate_quality.main("taught")
        assert (sorted(paths.STATE.rglob("*")), sorted(paths.RESULTS.rglob("*"))) == before
    judged.save(world)
    establish_protocols.main("translation")


@pytest.mark.usefixtures("world")
def test_a_protocol_of_other_settings_is_refused(world: judged.Content) -> None:
    own = world["evaluation"]["translation"]
    judged.save({**world, "evaluation": {"translation": {**own, "seed": 1}}})
    with pytest.raises(protocols.ProtocolError, match="of other settings or metrics"):
        evaluate_quality.main("plain")
    paths.protocol("translation").unlink()
    with pytest.raises(protocols.ProtocolError, match=r"translation\.json does not exist"):
        evaluate_quality.main("plain")
    judged.save(world)
    establish_protocols.main("translation")


def test_a_point_is_examined_as_a_variant_is(world: judged.Content) -> None:
    plain = {**world["variants"]["plain"], "seeds": [0]}
    judged.networks(judged.save({**world, "sweeps": {"many": {**plain, "points": {"plain": {}}}}}))
    evaluate_quality.main("many")
    point = json.loads(paths.quality("many/plain").read_text(encoding="utf-8"))
    assert point["seeds"]["0"] == report("plain")["seeds"]["0"]
    assert paths.samples("many/plain").read_bytes() == paths.samples("plain").read_bytes()
    judged.save(world)
