"""Counting before training: every row by both rules, what lessons and trainings add; impossible rows by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages import count_costs
from stages.settings import paths
from tests import smallest

Content = dict[str, Any]
NETWORK = ("parameters", "macs", "macs_output_rule", "activations", "bytes")


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Content:
    """The smallest params, in a directory of their own."""
    monkeypatch.chdir(tmp_path)
    return YAML(typ="safe").load(smallest.TEXT)  # type: ignore[no-any-return]


def counted(content: Content) -> Any:  # noqa: ANN401 - what JSON holds
    paths.PARAMS.write_text(json.dumps(content), encoding="utf-8")
    count_costs.main()
    return json.loads(paths.costs().read_text(encoding="utf-8"))


def test_every_row_is_counted_in_the_order_of_params(content: Content) -> None:
    found = counted(content)
    assert list(found["teachers"]) == list(content["teachers"])
    assert list(found["variants"]) == list(content["variants"])
    teacher, plain = found["variants"]["teacher"], found["variants"]["plain"]
    assert {key: teacher[key] for key in found["teachers"]["large"]} == found["teachers"]["large"]
    assert teacher["teacher"] == plain["teacher"] == "large"
    large, small = teacher["networks"], plain["networks"]
    assert set(small["generator"]) == set(NETWORK)
    for column, number in small["generator"].items():
        assert 0 < number < large["generator"][column]
    # Discriminators stay as they are.
    assert small["discriminator"] == large["discriminator"]
    assert small["generator"]["macs"] < small["generator"]["macs_output_rule"]
    assert small["discriminator"]["macs"] == small["discriminator"]["macs_output_rule"]


def test_what_is_kept_is_the_sum_over_the_networks_of_its_role(content: Content) -> None:
    for entry in counted(content)["variants"].values():
        assert entry["roles"] == {"generator": ["generator"], "discriminator": ["discriminator"]}
        kept = [entry["networks"][name] for name in entry["roles"]["generator"]]
        assert entry["kept"] == {column: sum(network[column] for network in kept) for column in NETWORK}


def test_points_of_a_sweep_are_rows_whatever_their_family(content: Content) -> None:
    alone = counted(content)["variants"]
    plain = content["variants"].pop("plain")
    content["sweeps"] = {"many": {**plain, "points": {"one": {}, "two": {"student": {"width": 2, "blocks": 2}}}}}
    found = counted(content)["variants"]
    assert list(found) == [*content["variants"], "many/one", "many/two"]
    assert found["many/one"] == alone["plain"]
    assert found["many/two"]["kept"]["macs"] < alone["plain"]["kept"]["macs"]


def test_the_published_resolution_is_counted_too(content: Content) -> None:
    row = counted(content)["variants"]["plain"]
    assert row["resolution"] == 16
    assert row["published"]["resolution"] == 128
    own, published = row["networks"]["generator"], row["published"]["networks"]["generator"]
    assert published["parameters"] == own["parameters"]
    # A network of convolutions costs as many times more as there are pixels more.
    for column in ("macs", "macs_output_rule", "activations"):
        assert published[column] == 64 * own[column]


def test_adapters_are_counted_apart(content: Content) -> None:
    found = counted(content)["variants"]
    width = {name: 4 * content["variants"][name]["student"].get("width", 4) for name in ("teacher", "taught")}
    # One 1x1 convolution with bias between the residual blocks; images and trunks have equal widths.
    assert found["taught"]["adapters"] == width["taught"] * width["teacher"] + width["teacher"]
    assert found["plain"]["adapters"] == found["teacher"]["adapters"] == 0
    assert found["taught"]["networks"] == found["plain"]["networks"]


def test_a_training_is_counted_whole_and_a_lesson_makes_it_dearer(content: Content) -> None:
    found = {name: row["training"] for name, row in counted(content)["variants"].items()}
    for training in found.values():
        assert training["macs"] == training["forward"] + training["backward"] + training["teacher"]
    assert found["plain"]["teacher"] == 0
    for phase in ("forward", "backward", "teacher"):
        assert found["taught"][phase] > found["plain"][phase]


def test_a_training_costs_in_proportion_to_its_steps_and_its_batch(content: Content) -> None:
    short = counted(content)["variants"]["taught"]["training"]
    content["schedules"]["short"] |= {"steps": 3 * content["schedules"]["short"]["steps"]}
    assert counted(content)["variants"]["taught"]["training"] == {name: 3 * macs for name, macs in short.items()}
    content["schedules"]["short"] |= {"batch": 2 * content["schedules"]["short"]["batch"]}
    assert counted(content)["variants"]["taught"]["training"] == {name: 6 * macs for name, macs in short.items()}


def test_a_row_that_is_not_trained_costs_what_its_teacher_s_training_does(content: Content) -> None:
    found = counted(content)
    of_teacher = found["teachers"]["large"]["training"]
    assert found["variants"]["teacher"]["training"] == of_teacher
    assert of_teacher["teacher"] == 0
    assert of_teacher["macs"] == of_teacher["forward"] + of_teacher["backward"] > 0
    # The same schedule, but for a smaller network.
    assert found["variants"]["plain"]["training"]["macs"] < of_teacher["macs"]


def test_impossible_rows_are_named_and_nothing_is_written(content: Content) -> None:
    plain = content["variants"]["plain"]
    content["variants"]["narrow"] = {**plain, "compression": "inherit", "compression_settings": {"freeze": False}}
    content["variants"]["same"] = {**plain, "compression": "none"}
    with pytest.raises(SystemExit) as stopped:
        counted(content)
    assert "2 row(s)" in str(stopped.value.code)
    assert "variants.narrow: compression inherit copies the teacher's encoder" in str(stopped.value.code)
    assert "variants.same: compression none keeps the teacher" in str(stopped.value.code)
    assert not paths.costs().exists()
    assert not paths.provenance("count_costs", "").exists()


def test_counting_repeats_itself(content: Content) -> None:
    counted(content)
    first = paths.costs().read_bytes()
    counted(content)
    assert paths.costs().read_bytes() == first
