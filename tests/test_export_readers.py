"""Exported readers: files that say of pictures what the judge says, and which pictures are unlike its data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from retort.checking import accepting
from retort.trying import finding, trying
from retort.trying.questions import Said
from retort.trying.refusals import Refused
from stages import acquire_data, build_judges, export_readers
from stages.families import stargan
from stages.learning import checkpoints
from stages.measuring import judges
from stages.measuring.frechet import moments
from stages.reading import strangeness
from stages.settings import members, params, paths
from stages.storage import prepared
from tests import judged

EXPORT = {"teacher": "large", "family": "stargan", "dataset": "faces", "partner": "faces", "examination": "translation",
          "problem": "two", "source": "plain", "seed": 0}  # fmt: skip
SETTINGS = {"labels": "attributes", "train": 1000, "validation": 200, "test": 40, "seed": 0}


@pytest.fixture(scope="module", autouse=True)
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory in which the stage has run once, of a judge that has learnt a little."""
    folder = tmp_path_factory.mktemp("made")
    with chdir(folder):
        content = judged.content()
        content["datasets"]["faces"]["settings"] = SETTINGS
        content["judges"]["faces"]["steps"] = 20
        content["exports"] = {"plain": EXPORT}
        judged.save(content)
        acquire_data.main("faces")
        build_judges.main("faces")
        export_readers.main()
        yield folder


def session() -> onnxruntime.InferenceSession:
    """The exported reader."""
    return onnxruntime.InferenceSession(paths.reader("faces"))


def answers(images: prepared.Bytes) -> tuple[Any, Any]:
    """What it says of images."""
    labels, unlike = session().run(None, {"image": images})
    return labels, unlike


def test_a_reader_says_what_the_judge_says_in_batches_of_any_size() -> None:
    images = prepared.read(paths.dataset("faces")).split("test").images[:7]
    judge = judges.read(paths.judge("faces")).network
    with torch.no_grad():
        right = torch.sigmoid(judge(prepared.to_tensor(images))).numpy()
    for count in (1, 3, 7):
        labels, unlike = answers(images[:count])
        assert labels == pytest.approx(right[:count], abs=1e-5)
        assert unlike == pytest.approx(answers(images)[1][:count], rel=1e-4)


def test_one_validation_image_in_a_hundred_is_strange_and_what_is_no_face_is() -> None:
    data = prepared.read(paths.dataset("faces"))
    _, usual = answers(data.split("validation").images)
    assert (usual > 1).mean() == pytest.approx(0.01, abs=0.006)
    assert np.median(answers(data.split("train").images)[1]) < 1
    noise = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3)).astype(np.uint8)
    plain = np.stack([np.full((16, 16, 3), level, np.uint8) for level in (0, 255)])
    for strange in (noise, plain, 255 - data.split("test").images):
        assert np.median(answers(strange)[1]) > 1


def test_distance_is_that_of_mahalanobis_where_features_vary() -> None:
    random = torch.Generator().manual_seed(0)
    features = torch.randn(500, 6, generator=random, dtype=torch.float64) @ torch.randn(
        6, 6, generator=random, dtype=torch.float64
    )
    found, one = moments(features), torch.zeros(500, dtype=torch.long)
    centred = features - features.mean(dim=0)
    right = (centred @ torch.linalg.inv(found.covariance) * centred).sum(dim=1).sqrt()
    assert torch.allclose(strangeness.whitened(features, one).distance(features), right)
    # A column twice is a direction in which nothing varies.
    doubled = torch.cat([features, features[:, :1]], dim=1)
    assert torch.allclose(strangeness.whitened(doubled, one).distance(doubled), right, rtol=1e-4)
    # Two classes far apart: each image is near the middle of its own, and halfway between them is near neither.
    classes = torch.arange(500) % 2
    apart = features + 1000 * classes[:, None]
    known = strangeness.whitened(apart, classes)
    assert float(known.distance(apart).max()) < 10
    assert float(known.distance(apart.mean(dim=0, keepdim=True))) > 100


def test_the_file_says_what_it_is_and_nothing_of_the_machine(made: Path) -> None:
    about = session().get_modelmeta().custom_metadata_map
    header = prepared.read(paths.dataset("faces")).header
    assert json.loads(about["labels"]) == list(header.labels)
    assert json.loads(about["framing"]) == {"crop": "centre", "resampling": "bilinear"}
    assert about["resolution"] == "16"
    assert "above 1" in about["strangeness"]
    content = paths.reader("faces").read_bytes()
    assert str(made).encode() not in content
    assert b"stages" not in content
    assert b"site-packages" not in content
    (reader,) = finding.readers(["faces"]).values()
    assert reader.labels == header.labels


def test_the_same_judge_gives_the_same_bytes_and_what_is_not_asked_for_leaves() -> None:
    before = paths.reader("faces").read_bytes()
    (paths.readers() / "gone.onnx").write_bytes(b"")
    export_readers.main()
    assert paths.reader("faces").read_bytes() == before
    assert {file.name for file in paths.readers().iterdir()} == {"faces.onnx", "README.md"}


def test_a_judge_of_other_data_is_refused() -> None:
    settings = params.read()
    again = acquired(settings.datasets["faces"].settings)
    try:
        with pytest.raises(judges.JudgeError, match="was made for other data of faces"):
            export_readers.exported("faces", settings, "cpu")
    finally:
        again()


def acquired(settings: dict[str, Any]) -> Any:  # noqa: ANN401 - a function
    """Other faces in place of those that were there; what it returns brings these back."""
    kept = paths.dataset("faces").rename("kept")
    judged.faces("faces", **{**settings, "seed": 5}, resolution=16)

    def back() -> None:
        paths.dataset("faces").rename("other")
        kept.rename(paths.dataset("faces"))

    return back


def test_a_row_without_files_is_tried_from_its_weights_beside_its_teacher() -> None:
    settings = params.read()
    judged.networks(settings)
    accepting.write(settings)
    image = prepared.read(paths.dataset("faces")).split("test").images[0]
    Image.fromarray(image).save("face.png")
    tried = trying.run("plain", [Path("face.png")], Said(to=("Young",), known=("Male",)), [], 1.0)
    assert [(row.name, row.teacher) for row in tried.rows] == [("teacher", True), ("plain", False)]
    source, target = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0]])
    for row, (answer,) in zip(tried.rows, tried.answers, strict=True):
        networks = checkpoints.read(paths.student(row.name, 0)).networks
        with torch.no_grad():
            right = stargan.translate(networks, prepared.to_tensor(image[None]), source, target)
        assert np.abs(prepared.to_uint8(right)[0].astype(int) - answer).max() <= 1
        assert (answer != image).any()


def test_a_row_without_files_or_weights_is_refused_with_the_reason() -> None:
    accepting.write(params.read())
    paths.student("taught", 0).unlink(missing_ok=True)
    with pytest.raises(Refused, match="taught is not among the exported rows, and cannot be exported now"):
        finding.beside("taught")
    with pytest.raises(Refused, match="is neither an exported row nor one"):
        finding.beside("tought")


def test_every_reader_of_data_with_a_framing_of_its_own_is_a_member() -> None:
    assert set(export_readers.FRAMINGS) <= set(members.names("datasets"))
    asked = params.read().model_copy(update={"exports": {}})
    assert export_readers.wanted(asked) == []
