"""Examining what is made of latents alone: what a report holds, what is left out, to which real images it is held."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from retort.checking import evaluation
from retort.checking.datasets import sources
from stages import build_judges, establish_protocols, evaluate_quality
from stages.examinations import synthesis
from stages.learning import checkpoints, devices
from stages.measuring import judges, protocols, realities, synthesised, walks
from stages.measuring.frechet import frechet_distance, moments
from stages.settings import members, params, paths
from stages.storage import factors, prepared
from stages.storage.prepared import DataError
from tests import judged

CPU = devices.Place(torch.device("cpu"), "float32")
KNOWN = {"settings": {"labels": "attributes", "train": 120, "validation": 40, "test": 40, "seed": 0, "variety": 0.3}}
FACES = {"dataset": "avatars", "resolution": 16, **KNOWN}
METRICS = {
    "fid": {"allow_small_samples": True},
    "diversity": {"neighbours": 3},
    **{name: {} for name in ("marginals", "joint", "coverage", "rendering", "memorisation", "fidelity")},
}
OF_FACTORS = {"tv_marginal", "frequency_gap", "tv_joint", "tv_cells", "coverage", "rendered", "redrawn_error", "copies"}


def content() -> judged.Content:
    """Rows of one family on faces whose factors are known, and on the same faces as mere photographs."""
    found = judged.content()
    fresh = {**FACES, "settings": {**KNOWN["settings"], "fresh": 1600}}
    found["datasets"] = {"faces": fresh, "photographs": FACES}
    judge = {**found["judges"]["faces"], "steps": 250, "batch": 32, "learning_rate": 0.003}
    found["judges"] = {name: {**judge, "dataset": name} for name in found["datasets"]}
    spec = {"widths": [8, 8, 4], "critic_widths": [4, 4, 4], "latent": 8, "mapping_layers": 1, "noise": False}
    shared = {"family": "stylegan2", "dataset": "faces", "partner": "faces", "play": {}}
    teacher = {**found["teachers"]["large"], **shared, "spec": spec, "losses": {}, "labels": ["Male"]}
    found["teachers"] = {name: {**teacher, "dataset": name, "partner": name} for name in found["datasets"]}
    lazy = {**found["variants"]["teacher"], **shared, "examination": "synthesis", "teacher": "faces"}
    small = {**lazy, "compression": "resize", "student": {"widths": [4, 4, 4]}, "seeds": [0, 1]}
    elsewhere = {"teacher": "photographs", "dataset": "photographs", "partner": "photographs", "problem": "other"}
    found["variants"] = {"teacher": lazy, "plain": small, "other": {**lazy, **elsewhere}}
    found["evaluation"] = {
        "synthesis": {
            "extractor": "judge", "batch": 32, "images": 64, "programs": ["avatars"], "resamples": 100, "seed": 0,
            "metrics": METRICS,
        }
    }  # fmt: skip
    return found


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[params.Params]:
    """Everything that evaluations need, networks of chance among it."""
    with contextlib.chdir(tmp_path_factory.mktemp("synthesis")):
        found = judged.save(content())
        for name, row in found.datasets.items():
            judged.faces(name, resolution=row.resolution, **row.settings)
            build_judges.main(name)
        judged.networks(found)
        establish_protocols.main("synthesis")
        yield found


def report(name: str) -> Any:  # noqa: ANN401 - what JSON holds
    evaluate_quality.main(name)
    return json.loads(paths.quality(name).read_text(encoding="utf-8"))


@pytest.mark.usefixtures("settings")
def test_a_reader_lies_in_the_judges_file_with_its_mistakes() -> None:
    header = prepared.read(paths.dataset("faces")).header
    found, law = judges.read_for(paths.judge("faces"), header), factors.of(header)
    assert law is not None
    mistakes = found.mistakes(law)
    assert list(mistakes.confusions) == list(law.categories)
    assert tuple(mistakes.correlations) == law.traits
    assert {int(counts.sum()) for counts in mistakes.confusions.values()} == {800}
    right = [float(counts.diagonal().sum()) / 800 for counts in mistakes.confusions.values()]
    # A short training is far from the best reader, and already far from chance.
    assert np.mean(right) > 0.75
    other = judges.read_for(paths.judge("photographs"), prepared.read(paths.dataset("photographs")).header)
    assert other.reader is None
    paths.judge("blind").write_bytes(paths.judge("photographs").read_bytes())
    with pytest.raises(judges.JudgeError, match="does not read the factors of faces; delete it and run again"):
        judges.read_for(paths.judge("blind"), header)


@pytest.mark.usefixtures("settings")
def test_a_teacher_is_its_own_twin_and_known_sets_stand_beside_it() -> None:
    found = report("teacher")
    numbers = found["seeds"]["0"]["overall"]
    assert numbers["agreement"] == 1
    assert numbers["l1_teacher"] == 0
    assert found["headline"] == "fid_judge"
    assert OF_FACTORS | {"fid_judge", "fid_infinity_judge", "precision_judge"} <= numbers.keys()
    assert set(found["columns"]) == set(numbers)
    assert found["floors"].keys() == {"tv_joint", "tv_cells"}
    known = found["known"]["faces"]
    assert list(known) == ["real draws", "shuffled factors", "one mode dropped", "train images", "blurred draws"]
    assert known["real draws"] == {
        name.removeprefix("real_draws_"): value for name, value in found["references"].items()
    }
    real = known["real draws"]
    # What a network of chance makes is worse than real draws by every ruler that has a better side.
    assert all(numbers[name] > real[name] for name in ("fid_judge", "tv_marginal", "tv_joint", "tv_cells"))
    assert all(numbers[name] < real[name] for name in ("coverage", "rendered"))
    assert known["train images"]["copies"] > 0.9 > real["copies"]
    assert known["shuffled factors"]["tv_joint"] > real["tv_joint"]
    assert known["one mode dropped"]["coverage"] < real["coverage"]
    assert known["blurred draws"]["redrawn_error"] > real["redrawn_error"]
    assert found["pictured"]


@pytest.mark.usefixtures("settings")
def test_a_student_is_held_to_the_same_latents_and_shares() -> None:
    found = report("plain")
    assert list(found["seeds"]) == ["0", "1"]
    assert found["known"] == {}
    for seed in found["seeds"].values():
        assert seed["overall"]["l1_teacher"] > 0
        assert seed["datasets"]["faces"] == {"overall": seed["overall"], "labels": {}}
        assert seed["intervals"].keys() == seed["standard_errors"].keys() >= {"agreement", "rendered", "copies"}
    hair = found["marginals"]["faces"]["Hair"]
    assert hair["values"] == ["Black_Hair", "Blond_Hair", "Brown_Hair", "other"]
    assert hair["known"] == [0.28, 0.28, 0.28, 0.16]
    assert hair["real"] == pytest.approx(hair["known"], abs=0.02)
    assert len(hair["row"]) == 2
    assert all(sum(shares) == pytest.approx(1, abs=1e-4) for shares in (hair["teacher"], *hair["row"]))
    about = found["protocol"]["datasets"]["faces"]
    assert (about["images"], about["real_images"]) == (64, 800)
    assert found["protocol"]["shared"]["programs"] == {"avatars": protocols.program_hash("avatars")}
    assert report("plain") == found


@pytest.mark.usefixtures("settings")
def test_where_no_factors_are_known_their_columns_are_left_out() -> None:
    found = report("other")
    numbers = found["seeds"]["0"]["overall"]
    assert not OF_FACTORS & numbers.keys()
    assert {"fid_judge", "l1_teacher"} <= numbers.keys()
    assert "agreement" not in numbers
    assert list(found["known"]["photographs"]) == ["real draws", "train images", "blurred draws"]
    assert found["marginals"] == {}
    assert found["floors"] == {}
    assert found["protocol"]["datasets"]["photographs"]["real_images"] == 40


def test_what_may_be_chosen_by_is_not_what_is_reported(settings: params.Params) -> None:
    networks = checkpoints.read(paths.teacher("faces")).networks
    reported = report("teacher")["seeds"]["0"]["overall"]
    found = synthesis.of_networks(networks, "stylegan2", "faces", settings, CPU, seed=1)
    assert found.keys() == reported.keys() - {"agreement", "l1_teacher"}
    assert found["fid_judge"] != pytest.approx(reported["fid_judge"])
    data = prepared.read(paths.dataset("faces"))
    fresh = data.split(prepared.FRESH).images
    assert np.array_equal(realities.held(data, "choosing"), fresh[:800])
    assert np.array_equal(realities.held(data, "reporting"), fresh[800:])
    photographs = prepared.read(paths.dataset("photographs"))
    assert realities.held(photographs, "reporting") is photographs.split("test").images
    assert realities.held(photographs, "choosing") is photographs.split("validation").images


@pytest.mark.usefixtures("settings")
def test_fitness_is_the_distance_whatever_the_batch() -> None:
    family: Any = members.load("families", "stylegan2")
    networks = checkpoints.read(paths.teacher("faces")).networks
    data = prepared.read(paths.dataset("faces"))
    judge = judges.read_for(paths.judge("faces"), data.header).network
    real = synthesised.real_moments(realities.held(data, "choosing"), judge.features, batch=50)
    sample = synthesised.sampler(family, networks, 1.0)
    latents = family.latents(networks, 80, 1)
    found = [synthesised.fitness(sample, latents, real, judge.features, batch=batch) for batch in (80, 27)]
    assert found[0] == pytest.approx(found[1], rel=1e-4)
    images = synthesised.images(sample, latents, 80)
    features = judge.features(prepared.to_tensor(images))
    assert found[0] == pytest.approx(frechet_distance(real, moments(features)), rel=1e-6)


@pytest.mark.usefixtures("settings")
def test_the_picture_is_a_grid_of_the_tests_images_and_a_closed_walk() -> None:
    evaluate_quality.main("teacher")
    picture = np.asarray(Image.open(io.BytesIO(paths.samples("teacher").read_bytes())))
    grid, frames = walks.parted(picture, 16)
    family: Any = members.load("families", "stylegan2")
    networks = checkpoints.read(paths.teacher("faces")).networks
    sample = synthesised.sampler(family, networks, 1.0)
    assert np.abs(grid - synthesised.images(sample, family.latents(networks, 64, 0), 32)[:32].astype(int)).max() <= 1
    assert len(frames) == 16
    assert np.array_equal(walks.arranged(grid, frames), picture)
    circle = walks.circle(torch.randn(2, 512, generator=torch.Generator().manual_seed(0)))
    steps = (circle - circle.roll(1, dims=0)).norm(dim=1)
    assert float(steps.max() / steps.min()) < 1.3
    with pytest.raises(ValueError, match="shows no images and walk"):
        walks.parted(picture[:-16], 16)


def test_programs_are_asked_for_by_name(settings: params.Params) -> None:
    def told(**changes: Any) -> list[str]:  # noqa: ANN401 - settings
        given = {"synthesis": {**settings.evaluation["synthesis"], **changes}}
        changed = settings.model_copy(update={"evaluation": given})
        return [str(each) for each in evaluation.check(changed, sources(changed))]

    assert not told()
    assert told(programs=[]) == [
        "evaluation.synthesis.programs: lacks 'avatars', which draws data set 'faces' again; add it"
    ]
    (cannot,) = told(programs=["avatars", "digits"])
    assert cannot == "evaluation.synthesis.programs[1]: 'digits' cannot draw given factors; take it out"
    (unknown,) = told(programs=["avatars", "avatar"])
    assert "'avatar' is not in stages/datasets — did you mean 'avatars'?" in unknown
    without = {"synthesis": {**settings.evaluation["synthesis"], "programs": []}}
    with pytest.raises(DataError, match="drawn by avatars, which `programs` does not name; add it"):
        synthesis.sit("faces", "synthesis", settings.model_copy(update={"evaluation": without}), CPU)


def test_a_program_reaches_the_protocol_that_names_it(
    settings: params.Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = protocols.established("synthesis", settings)
    for name in ("datasets", "drawing"):
        (tmp_path / name).mkdir()
        for file in (members.PACKAGE / name).glob("*.py"):
            (tmp_path / name / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(protocols, "DATASETS", tmp_path / "datasets")
    monkeypatch.setattr(protocols, "DRAWING", tmp_path / "drawing")
    assert protocols.established("synthesis", settings) == before
    with (tmp_path / "drawing" / "hair.py").open("a", encoding="utf-8") as source:
        source.write("# Another line.\n")
    edited = protocols.established("synthesis", settings)
    assert edited["programs"] != before["programs"]
    assert edited["metrics"] == before["metrics"]
