"""Networks for phones: the environment's pins, padding that XNNPACK takes, and files that do what torch does."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import chdir
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner, Result

from retort.commands import app
from retort.phone import environment, padding
from stages import acquire_data
from stages.learning import checkpoints
from stages.settings import paths
from stages.storage import prepared
from tests.exported import DIGITS, TEXT, lay_weights

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "constraints-phone.txt"
PHONE = environment.python()
on_phone = pytest.mark.skipif(PHONE is None, reason=environment.ABSENT)
NETWORKS = {"plain": ["generator"], "pony": ["back", "forth"], "doodle": ["generator"], DIGITS: ["classifier"]}
TRAINED = {"plain": 0, "pony": 1, "doodle": 0, "digits/kd-alpha1-temperature4": 0}
DOORS = {"_to_dim_order_copy", "permute_copy", "round", "alias_copy"}
"""What turns bytes into numbers and back, or only names, which XNNPACK does not take."""
LABELS = {"expand_copy", "cat"}
"""What makes planes of labels."""


def test_the_environment_is_made_of_exact_versions() -> None:
    lines = PINS.read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line) for line in lines)
    pins = dict(line.lower().split("==") for line in lines)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (named,) = re.findall(r"^ON_PHONES := (.*)$", makefile, re.MULTILINE)
    assert set(named.split()) <= set(pins)
    assert pins["executorch"] == "1.4.1"
    own = dict(line.lower().split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    assert {name: pins[name] for name in (*pins.keys() & own.keys(),)} == {
        name: own[name] for name in (*pins.keys() & own.keys(),)
    }, "the two environments share a package in two versions, so that torch may not be the same"


def test_make_phone_makes_it_and_runs_there() -> None:
    done = subprocess.run(["make", "-n", "-B", "phone"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "-c constraints-phone.txt executorch" in done.stdout
    assert ".venv-phone/bin/python -m retort.phone" in done.stdout


@pytest.mark.parametrize(("side", "groups", "stride"), [(3, 1, 1), (7, 2, 1), (15, 1, 2)])
def test_padding_by_slices_is_the_reflecting_one(side: int, groups: int, stride: int) -> None:
    torch.manual_seed(side)
    network = nn.Sequential(
        nn.Conv2d(2, 4, side, stride, padding=side // 2, padding_mode="reflect", groups=groups), nn.Conv2d(4, 4, 3)
    )
    x = torch.randn(2, 2, 17, 12)
    expected = network(x)
    padding.rewrite(network)
    assert isinstance(network[0], padding.Reflected)
    assert isinstance(network[1], nn.Conv2d)
    assert torch.equal(network(x), expected)


def test_no_more_tensors_are_joined_than_xnnpack_can(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, cat = [], torch.cat

    def counted(tensors: list[torch.Tensor], dim: int) -> torch.Tensor:
        sizes.append(len(tensors))
        return cat(tensors, dim)

    monkeypatch.setattr(torch, "cat", counted)
    pieces = [torch.full((1, 1), float(value)) for value in range(31)]
    assert padding.joined(pieces, 1).tolist() == [[float(value) for value in range(31)]]
    assert max(sizes) <= padding.MOST
    assert min(sizes) >= 2


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data and with networks of chance."""
    folder = tmp_path_factory.mktemp("phone")
    with chdir(folder):
        Path("params.yaml").write_text(TEXT)
        for name in ("faces", "horses", "numbers"):
            acquire_data.main(name)
        for row, seed in TRAINED.items():
            lay_weights(row, seed)
    return folder


@pytest.fixture
def here(laid: Path) -> Iterator[Path]:
    with chdir(laid):
        yield laid


def export(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", *arguments])


def test_without_executorch_a_sentence_says_what_to_do(
    here: Path,  # noqa: ARG001 - the fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if find_spec("executorch") is not None:
        pytest.skip("ExecuTorch is installed in this environment")
    monkeypatch.setattr(environment, "FOLDER", tmp_path / "nowhere")
    done = export("plain", "--format", "pte", "--to", str(tmp_path / "out"))
    assert done.exit_code == 2
    assert "`make phone`" in done.output
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def reports(laid: Path) -> dict[str, list[dict[str, Any]]]:
    """What was found of each row, once."""
    with chdir(laid):
        environment.run([*NETWORKS, "--to", "files"])
    found: list[dict[str, Any]] = json.loads((laid / "files" / "report.json").read_text(encoding="utf-8"))
    return {name: [each for each in found if each["row"] == name] for name in NETWORKS}


@on_phone
@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_does_what_the_network_does(laid: Path, reports: dict[str, list[dict[str, Any]]], name: str) -> None:
    assert sorted(each["network"] for each in reports[name]) == NETWORKS[name]
    for each in reports[name]:
        file = laid / "files" / name / f"{each['network']}.pte"
        assert file.stat().st_size == each["bytes"]
        assert each["inputs"] >= 5
        assert each["levels"] <= 1
        assert each["equal"] > (0 if name == DIGITS else 0.98)


@on_phone
def test_xnnpack_takes_convolutional_networks_whole(reports: dict[str, list[dict[str, Any]]]) -> None:
    for each in (*reports["pony"], *reports["plain"]):
        assert each["delegated"] > 30
        assert each["left"].keys() <= (DOORS if each["row"] == "pony" else DOORS | LABELS)


@on_phone
def test_the_readme_s_program_runs_and_gives_the_network_s_image(here: Path, tmp_path: Path) -> None:
    done = export("plain", "--format", "pte", "--to", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "generator.pte").exists()
    found = re.search(r"```python\n(.*?)```", (tmp_path / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    image = prepared.read(paths.dataset("faces")).split("test").images[3]
    Image.fromarray(image).save(tmp_path / "picture.png")
    assert PHONE is not None
    alone = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ran = subprocess.run([str(PHONE), "-I", "-c", found[1]], cwd=tmp_path, env=alone, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    checkpoint = checkpoints.read(here / paths.student("plain", 0))
    # Of Black_Hair, Blond_Hair and Male, the program says that it has the last and shall have the first.
    source, target = torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([[1.0, 0.0, 1.0]])
    from stages.families.stargan.playing import translate

    with torch.inference_mode():
        made = prepared.to_uint8(translate(checkpoint.networks, prepared.to_tensor(image[None]), source, target))
    apart = np.asarray(Image.open(tmp_path / "translated.png")).astype(int) - made[0]
    assert abs(apart).max() <= 1


@on_phone
def test_what_is_refused_there_is_told_here(here: Path) -> None:  # noqa: ARG001 - the fixture
    with pytest.raises(environment.PhoneError, match="'plane' is not a trained row — did you mean 'plain'"):
        environment.run(["plane"])
