"""Counting before training: every row, both rules, what lessons add; and impossible rows by their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stages import count_costs
from stages.harness.settings import paths
from tests import judged


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> judged.Content:
    monkeypatch.chdir(tmp_path)
    return judged.content()


def counted(content: judged.Content) -> Any:  # noqa: ANN401 - what JSON holds
    judged.save(content)
    count_costs.main()
    return json.loads(paths.costs().read_text(encoding="utf-8"))


def test_every_row_is_counted_in_the_order_of_params(content: judged.Content) -> None:
    found = counted(content)
    assert list(found["teachers"]) == list(content["teachers"])
    assert list(found["variants"]) == list(content["variants"])
    teacher, plain = found["variants"]["teacher"], found["variants"]["plain"]
    assert {key: teacher[key] for key in found["teachers"]["large"]} == found["teachers"]["large"]
    for column, number in plain["generator"].items():
        assert 0 < number < teacher["generator"][column]
    # Discriminators stay as they are.
    assert plain["discriminator"] == teacher["discriminator"]
    assert plain["generator"]["macs"] < plain["generator"]["macs_output_rule"]
    assert plain["discriminator"]["macs"] == plain["discriminator"]["macs_output_rule"]


def test_the_published_resolution_is_counted_too(content: judged.Content) -> None:
    generator = counted(content)["variants"]["plain"]
    assert generator["resolution"] == 16
    own, published = generator["generator"], generator["at_128"]["generator"]
    assert published["parameters"] == own["parameters"]
    # A network of convolutions costs as many times more as there are pixels more.
    for column in ("macs", "macs_output_rule", "activations"):
        assert published[column] == 64 * own[column]


def test_adapters_are_counted_apart(content: judged.Content) -> None:
    found = counted(content)["variants"]
    width = {name: 4 * content["variants"][name]["student"].get("width", 4) for name in ("teacher", "taught")}
    # One 1x1 convolution with bias between the residual blocks; images and trunks have equal widths.
    assert found["taught"]["adapters"] == width["taught"] * width["teacher"] + width["teacher"]
    assert found["plain"]["adapters"] == found["teacher"]["adapters"] == 0
    assert found["taught"]["generator"] == found["plain"]["generator"]


def test_impossible_rows_are_named_and_nothing_is_written(content: judged.Content) -> None:
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


def test_counting_repeats_itself(content: judged.Content) -> None:
    counted(content)
    first = paths.costs().read_bytes()
    counted(content)
    assert paths.costs().read_bytes() == first
