"""The stage that exports rows, and `retort export`: files, what is said of them, sentences, the README's program."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from retort.commands import app
from stages import acquire_data, establish_protocols, export_networks
from stages.exporting import running
from stages.settings import paths
from stages.storage import hashing, prepared
from tests.exported import DIGITS, TEXT, lay_weights

ROOT = Path(__file__).resolve().parents[1]
TRAINED = {
    "plain": ("plain", 0),
    "pony": ("pony", 1),
    "doodle": ("doodle", 0),
    DIGITS: ("digits/kd-alpha1-temperature4", 0),
}
NETWORKS = {"plain": ["generator"], "pony": ["back", "forth"], "doodle": ["generator"], DIGITS: ["classifier"]}
ALWAYS = (
    "row", "seed", "network", "teacher", "family", "examination", "problem", "dataset", "resolution", "spec",
    "protocol", "precision", "opset", "macs", "parameters", "licence", "project",
)  # fmt: skip
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
OWN = {"plain": ("labels", "rivals"), "pony": ("labels", "from", "to"), "doodle": ("latent",), DIGITS: ("labels",)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which all rows were exported from networks of chance."""
    folder = tmp_path_factory.mktemp("exported")
    with chdir(folder):
        Path("params.yaml").write_text(TEXT)
        for name in ("faces", "horses", "numbers"):
            acquire_data.main(name)
        for name in ("translation", "directions", "synthesis", "classification"):
            establish_protocols.main(name)
        for name, (row, seed) in TRAINED.items():
            lay_weights(row, seed)
            export_networks.main(name)
    return folder


@pytest.fixture
def here(finished: Path) -> Iterator[Path]:
    with chdir(finished):
        yield finished


@pytest.fixture
def kept(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of that folder, in which there are no weights: `retort export` copies the files that git keeps."""
    for name in ("params.yaml", "data"):
        (tmp_path / name).symlink_to(here / name)
    shutil.copytree(here / "results" / "networks", tmp_path / "results" / "networks")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(paths.exported(name).read_text(encoding="utf-8"))
    return found


def retort(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", *arguments])


@pytest.mark.parametrize("name", TRAINED)
def test_each_file_is_the_network_and_says_what_it_is(here: Path, name: str) -> None:  # noqa: ARG001 - the fixture
    files = sorted(paths.exported_networks(name).iterdir())
    assert [file.stem for file in files] == NETWORKS[name]
    found = report(name)
    assert found["float32"]["levels"] <= 1
    assert found["float32"]["batches"] == [1, 4]
    assert found["float32"]["equal"] > 0.98
    assert found["float32"]["bytes"] == sum(file.stat().st_size for file in files)
    assert found["l1_against"] == ("truth" if name in ("plain", "pony") else "network")
    for file in files:
        about = running.metadata(running.session(file.read_bytes()))
        assert set(about) == {*ALWAYS, *OWN[name]}
        assert about["row"] == name
        assert about["network"] == file.stem
        assert about["seed"] == str(TRAINED[name][1])
        assert about["protocol"] == hashing.file_hash(paths.protocol(about["examination"]))
        assert about["licence"].startswith("CC-BY-4.0")
        assert json.loads(about["spec"])["resolution"] == int(about["resolution"])
        assert int(about["macs"]) > 0


def test_the_whole_test_is_asked(here: Path) -> None:  # noqa: ARG001 - the fixture
    assert {name: report(name)["questions"] for name in TRAINED} == {
        "plain": 16 * 3,
        "pony": 10,
        "doodle": 24,
        DIGITS: 120,
    }


def test_labels_that_exclude_each_other_are_told(here: Path) -> None:  # noqa: ARG001 - the fixture
    about = running.metadata(running.session((paths.exported_networks("plain") / "generator.onnx").read_bytes()))
    labels, rivals = json.loads(about["labels"]), json.loads(about["rivals"])
    assert labels == ["Black_Hair", "Blond_Hair", "Male"]
    assert rivals == {"Black_Hair": ["Blond_Hair"], "Blond_Hair": ["Black_Hair"], "Male": []}


def test_each_direction_says_which_it_is(here: Path) -> None:  # noqa: ARG001 - the fixture
    files = {name: (paths.exported_networks("pony") / f"{name}.onnx").read_bytes() for name in ("forth", "back")}
    about = {name: running.metadata(running.session(content)) for name, content in files.items()}
    assert (about["forth"]["from"], about["forth"]["to"]) == ("horse", "zebra")
    assert (about["back"]["from"], about["back"]["to"]) == ("zebra", "horse")


def test_less_precision_has_its_error_beside_the_network_s_own(here: Path) -> None:  # noqa: ARG001 - the fixture
    for name in ("plain", "pony"):
        found = report(name)
        assert found["float32"]["l1"] == pytest.approx(found["original"]["l1"], abs=2e-5)
        for precision in ("float16", "int8"):
            assert found[precision]["l1"] == pytest.approx(found["original"]["l1"], abs=0.1)
            assert 0 < found[precision]["equal"] <= 1
        assert found["float16"]["bytes"] < found["float32"]["bytes"]
    assert "no convolution between" in report(DIGITS)["int8"]["refused"]
    assert report(DIGITS)["float32"]["error"] == report(DIGITS)["original"]["error"]


def test_exporting_again_gives_the_same_bytes(here: Path) -> None:  # noqa: ARG001 - the fixture
    kept = [paths.exported("plain"), paths.exported_networks("plain") / "generator.onnx"]
    before = [file.read_bytes() for file in kept]
    export_networks.main("plain")
    assert [file.read_bytes() for file in kept] == before


def picture(folder: Path) -> np.ndarray:
    """A test image in a person's folder."""
    image = prepared.read(paths.dataset("faces")).split("test").images[3]
    Image.fromarray(image).save(folder / "picture.png")
    return image


def program(folder: Path, language: str) -> str:
    """The first program of a language in a folder's README."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found, f"README.md has no program in {language}"
    return found[1]


def run_alone(folder: Path, text: str) -> str:
    """Run a program in a fresh interpreter that may import three packages and the standard library."""
    guard = (
        "\nimport sys\nloaded = {name.partition('.')[0] for name in sys.modules}"
        "\nassert not loaded & {'torch', 'stages', 'retort', 'onnx', 'scipy'}, loaded\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-I", "-c", text + guard]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readme_s_program_translates_as_the_network_does(here: Path, tmp_path: Path) -> None:  # noqa: ARG001 - the fixture
    assert retort("plain", "--to", str(tmp_path)).exit_code == 0
    image = picture(tmp_path)
    run_alone(tmp_path, program(tmp_path, "python"))
    made = np.asarray(Image.open(tmp_path / "translated.png"))
    # It has the last label and shall have the first.
    source, target = np.array([[0, 0, 1]], np.float32), np.array([[1, 0, 1]], np.float32)
    inputs = {"image": image[None], "source": source, "target": target}
    session = running.session((tmp_path / "generator.onnx").read_bytes())
    assert np.array_equal(made, running.answers(session, inputs, 1)[0])
    assert (tmp_path / "generator.onnx").read_bytes() == (
        paths.exported_networks("plain") / "generator.onnx"
    ).read_bytes()


@pytest.mark.parametrize(("name", "made"), [("pony", "translated.png"), ("doodle", "image.png"), (DIGITS, "")])
def test_the_programs_of_other_kinds_run(kept: Path, name: str, made: str) -> None:
    folder = kept / "folder"
    assert retort(name, "--to", str(folder)).exit_code == 0
    picture(folder)
    said = run_alone(folder, program(folder, "python"))
    if made:
        with Image.open(folder / made) as image:
            assert image.size == (16, 16)
    else:
        assert said.split()[0] in NUMBERS


def test_the_readme_s_program_for_browsers_translates_alike(here: Path, tmp_path: Path) -> None:  # noqa: ARG001 - the fixture
    modules = Path(os.environ.get("RETORT_NODE_MODULES", ROOT / "node_modules"))
    if not shutil.which("node") or not (modules / "onnxruntime-web").is_dir():
        pytest.skip("needs node, and onnxruntime-web in the folder that RETORT_NODE_MODULES names")
    assert retort("plain", "--to", str(tmp_path)).exit_code == 0
    image = picture(tmp_path)
    (tmp_path / "node_modules").symlink_to(modules.resolve())
    (tmp_path / "pixels").write_bytes(image.tobytes())
    (tmp_path / "run.mjs").write_text(program(tmp_path, "js"), encoding="utf-8")
    (tmp_path / "main.mjs").write_text(
        'import { readFileSync, writeFileSync } from "node:fs";\nimport { translate } from "./run.mjs";\n'
        'const bytes = new Uint8Array(readFileSync("generator.onnx"));\n'
        'const made = await translate(bytes, new Uint8Array(readFileSync("pixels")), ["Male"], "Black_Hair");\n'
        'writeFileSync("made", made);\nprocess.exit(0);\n',
        encoding="utf-8",
    )
    done = subprocess.run(["node", "main.mjs"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = np.frombuffer((tmp_path / "made").read_bytes(), np.uint8).reshape(image.shape)
    run_alone(tmp_path, program(tmp_path, "python"))
    differ = np.abs(made.astype(int) - np.asarray(Image.open(tmp_path / "translated.png")).astype(int))
    assert differ.max() <= 1


def test_any_trained_row_is_exported_in_any_precision(here: Path, tmp_path: Path) -> None:  # noqa: ARG001 - the fixture
    lay_weights("digits/none", 1)
    done = retort("digits/none", "--seed", "1", "--precision", "float16", "--to", str(tmp_path / "deep" / "folder"))
    assert done.exit_code == 0, done.output
    about = running.metadata(running.session((tmp_path / "deep" / "folder" / "classifier.onnx").read_bytes()))
    assert (about["row"], about["seed"], about["precision"]) == ("digits/none", "1", "float16")
    done = retort("digits/none", "--seed", "1", "--precision", "int8", "--to", str(tmp_path))
    assert done.exit_code == 2
    assert "no convolution between the first and the last" in done.output
    done = retort("plain", "--precision", "int8", "--to", str(tmp_path / "eight"))
    assert done.exit_code == 0, done.output


@pytest.mark.usefixtures("kept")
def test_without_weights_the_kept_files_are_copied() -> None:
    done = retort("plain")
    assert done.exit_code == 0, done.output
    file = paths.exported_networks("plain") / "generator.onnx"
    assert Path("dist/plain/generator.onnx").read_bytes() == file.read_bytes()
    assert "# plain, seed 0" in Path("dist/plain/README.md").read_text(encoding="utf-8")
    for options in (["--seed", "1"], ["--precision", "int8"]):
        done = retort("plain", *options)
        assert done.exit_code == 2
        assert "`retort repro distill_students@plain` makes it" in done.output
    done = retort("digits/none")
    assert done.exit_code == 2
    assert "`retort repro distill_students_sweeps@digits` makes it" in done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plane"], "'plane' is not a trained row — did you mean 'plain'?"),
        (["plain", "--seed", "7"], "plain: seed 7 is not trained; there are 0, 1"),
        (["plain", "--format", "pte", "--precision", "int8"], ".pte files are written in float32 alone"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(here: Path, arguments: list[str], told: str) -> None:  # noqa: ARG001 - the fixture
    done = retort(*arguments)
    assert done.exit_code == 2
    assert told in done.output
    assert "Traceback" not in done.output
