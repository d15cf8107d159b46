"""Every metric says what its columns mean, and no two metrics share one."""

from collections import Counter

import pytest

from stages.harness.settings import members


@pytest.mark.parametrize("name", members.names("metrics"))
def test_columns_have_a_direction_and_a_unit(name: str) -> None:
    metric = members.load("metrics", name)
    assert metric.__doc__
    for column, (direction, unit) in metric.COLUMNS.items():
        assert column.isidentifier()
        assert column.islower()
        assert direction in ("min", "max", "")
        assert isinstance(unit, str)


def test_columns_belong_to_one_metric() -> None:
    owners = Counter(column for name in members.names("metrics") for column in members.load("metrics", name).COLUMNS)
    assert [column for column, count in owners.items() if count > 1] == []


def test_published_and_judge_features_never_share_a_column() -> None:
    for name in ("fid", "kid", "diversity"):
        columns = set(members.load("metrics", name).COLUMNS)
        bare = {column for column in columns if not column.endswith("_judge")}
        assert columns == bare | {f"{column}_judge" for column in bare}
