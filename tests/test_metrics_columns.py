"""Every metric says what it needs and what its columns mean, and no two metrics share one."""

import ast
import inspect
from collections import Counter
from pathlib import Path

import pytest

from stages.measuring import columns
from stages.measuring.columns import AFFIXES, FCN, INPUT, JUDGE, LOW, RULE, TEACHER, TRUTH, Column, affixed, named
from stages.settings import members

# What rows cost is counted and timed once, in stages of its own; examinations load all others.
APART = ("cost", "latency")
EXAMINED = [name for name in members.names("metrics") if name not in APART]


@pytest.mark.parametrize("name", members.names("metrics"))
def test_columns_say_what_they_are(name: str) -> None:
    metric = members.load("metrics", name)
    assert metric.__doc__
    assert metric.COLUMNS
    for column, described in metric.COLUMNS.items():
        assert isinstance(described, Column)
        assert column.isidentifier()
        assert column.islower()
        assert described.better in ("min", "max", "")
        assert described.title
        assert described.note


@pytest.mark.parametrize("name", EXAMINED)
def test_a_metric_is_one_file_that_some_examination_can_serve(name: str) -> None:
    metric = members.load("metrics", name)
    offers = {needs for each in members.names("examinations") for needs in members.load("examinations", each).OFFERS}
    assert metric.NEEDS in offers
    first, *settings = inspect.signature(metric.measure).parameters.values()
    assert first.kind in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD)
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in settings)
    tree = ast.parse(Path(str(metric.__file__)).read_text(encoding="utf-8"))
    sources = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not any(source.startswith("stages.metrics") for source in sources), "its hash must cover what it computes"


def test_columns_belong_to_one_metric() -> None:
    owners = Counter(column for name in members.names("metrics") for column in members.load("metrics", name).COLUMNS)
    assert [column for column, count in owners.items() if count > 1] == []


def test_an_affix_says_more_and_only_a_row_s_own_number_is_better() -> None:
    column = Column("min", "dB", "distance", "how far")
    for affix, added in AFFIXES.items():
        found = affixed(column, affix)
        assert found.note == f"how far; {added.note}"
        assert found.unit == "dB"
        assert found.better == ("min" if affix in (JUDGE, TRUTH, TEACHER, FCN, RULE) else "")
    assert named("l1", LOW) == "l1_low"
    assert named("l1", INPUT) == "reference_input_l1"
    assert columns.described({"l1": ("pixels", affixed(column, TRUTH))}) == {
        "l1": {
            "metric": "pixels",
            "better": "min",
            "unit": "dB",
            "title": "distance to truth",
            "meaning": "how far; to the exact image",
        }
    }
