"""The deps lists of dvc.yaml are those that the code and the params files give; rewriting keeps the rest."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from retort.engine import imports, lists

ROOT = Path(__file__).resolve().parents[1]
STAGES = lists.stages(ROOT)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The code, params and graph, to be changed."""
    for package in (*imports.PACKAGES, "scales"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    imports.of.cache_clear()
    return tmp_path


def test_the_lists_are_those_that_are_derived() -> None:
    for stage, right in lists.derived(ROOT).items():
        assert lists.declared(STAGES[stage], "deps") == list(right.deps), f"{stage}: {lists.REMEDY}"
        assert lists.declared(STAGES[stage], "params") == list(right.schedules), f"{stage}: {lists.REMEDY}"
    assert lists.rewritten(ROOT) == (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert not list(lists.problems(ROOT))


def test_rewriting_brings_back_what_was_taken_out_and_keeps_comments(copy: Path) -> None:
    text = (copy / "dvc.yaml").read_text(encoding="utf-8")
    lines = text.splitlines()
    spoilt = [line for line in lines if line.strip() != "- stages/settings"]
    noted = [
        each
        for line in spoilt
        for each in ([line] if "data/${item.partner}" not in line else ["        # Joint rows have two.", line])
    ]
    (copy / "dvc.yaml").write_text("\n".join(noted) + "\n", encoding="utf-8")
    found = [str(problem) for problem in lists.problems(copy)]
    assert any("stages.build_teachers.deps: lack stages/settings" in each for each in found)
    again = lists.rewritten(copy)
    assert again.count("# Joint rows have two.") == text.count("data/${item.partner}")
    assert [line for line in again.splitlines() if "Joint rows" not in line] == lines


def test_a_file_that_nothing_uses_is_told(copy: Path) -> None:
    text = (copy / "dvc.yaml").read_text(encoding="utf-8")
    (copy / "dvc.yaml").write_text(
        text.replace(
            "        - stages/build_judges.py\n",
            "        - stages/build_judges.py\n        - stages/findings/records.py\n",
        ),
        encoding="utf-8",
    )
    (found,) = lists.problems(copy)
    assert "list stages/findings/records.py, which nothing there uses" in str(found)
    assert lists.rewritten(copy) == text


def test_members_that_only_another_scale_names_may_stay(copy: Path) -> None:
    shutil.copyfile(copy / "scales" / "smoke.yaml", copy / "params.yaml")
    (copy / "scales" / "paper.yaml").unlink()
    assert not list(lists.problems(copy))


def test_a_new_import_inside_a_function_is_a_new_dep(copy: Path) -> None:
    with (copy / "stages" / "build_judges.py").open("a", encoding="utf-8") as source:
        source.write("\n\ndef late() -> None:\n    from stages.storage import weights\n")
    (found,) = lists.problems(copy)
    assert "stages.build_judges.deps: lack stages/storage/weights.py" in str(found)


def test_imports_for_types_alone_are_none(copy: Path) -> None:
    with (copy / "stages" / "build_judges.py").open("a", encoding="utf-8") as source:
        source.write(
            "\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from stages.storage import weights\n"
        )
    assert not list(lists.problems(copy))


def test_a_used_new_member_lengthens_only_the_lists_of_stages_that_look_at_all_rows(copy: Path) -> None:
    shutil.copyfile(copy / "stages/compressions/resize.py", copy / "stages/compressions/again.py")
    params = (copy / "params.yaml").read_text(encoding="utf-8")
    row = "  again: {<<: [*none, *w8b3, *set1], compression: again}\n"
    (copy / "params.yaml").write_text(params.replace("variants:\n", f"variants:\n{row}"), encoding="utf-8")
    told = {str(problem).split(": ")[1] for problem in lists.problems(copy)}
    assert "stages.count_costs.deps" in told
    assert not told & {f"stages.{stage}.deps" for stage in STAGES if "foreach" in STAGES[stage]}


@pytest.mark.parametrize("stage", STAGES)
def test_no_dep_is_the_folder_of_an_axis_or_lies_in_another(stage: str) -> None:
    deps = STAGES[stage].get("do", STAGES[stage])["deps"]
    assert not {f"stages/{axis}" for axis in imports.AXES} & set(deps)
    assert not [dep for dep in deps for other in deps if dep.startswith(other + "/")]


def test_chosen_rows_have_the_deps_of_variants_and_what_was_chosen() -> None:
    for stage in ("distill_students", "evaluate_quality"):
        mine, theirs = STAGES[stage]["do"], STAGES[f"{stage}_chosen"]["do"]
        assert mine["cmd"] == theirs["cmd"]
        more = ["results/choices/${item.student.chosen}.json"] if stage == "distill_students" else []
        assert sorted(theirs["deps"]) == sorted([*mine["deps"], *more])
        assert [each.replace("chosen.", "variants.") for each in theirs["params"]] == mine["params"]


def test_variants_and_sweeps_have_the_same_kind_of_deps() -> None:
    for stage in (name for name in STAGES if f"{name}_sweeps" in STAGES):
        mine, theirs = STAGES[stage]["do"], STAGES[f"{stage}_sweeps"]["do"]
        assert mine["cmd"] == theirs["cmd"]
        more = set(theirs["deps"]) - set(mine["deps"])
        assert set(mine["deps"]) <= set(theirs["deps"])
        assert all(lists.is_member(dep, ROOT) for dep in more)
        own = {each.replace("sweeps.", "variants.") for each in theirs["params"]} - set(mine["params"])
        assert all(each.startswith("schedules.") for each in own)
