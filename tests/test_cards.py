"""Model cards say of every row what the summary says, admit what is not known, and show code that runs."""

from __future__ import annotations

import contextlib
import re
import statistics
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import torch
from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from stages import write_tables
from stages.learning import checkpoints
from stages.settings import members, params, paths, specs
from stages.settings.atomic import write_atomically
from stages.tables import cards, gathered, summary
from stages.tables.gathered import Gathered
from tests.laid import lay, markdown_tables, settings

TEXT = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """Closed and strict: what Hugging Face's format does not have is refused, and of its optional fields the unused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Task(Part):
    type: Literal["image-to-image", "unconditional-image-generation", "image-classification", "other"]
    name: TEXT


class Dataset(Part):
    type: TEXT
    name: TEXT
    split: TEXT


class Metric(Part):
    type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    name: TEXT
    value: Annotated[float, Field(allow_inf_nan=False)]
    verified: Literal[False]
    args: dict[str, Any]


class Result(Part):
    task: Task
    dataset: Dataset
    metrics: Annotated[list[Metric], Field(min_length=1)]


class Model(Part):
    name: TEXT
    results: Annotated[list[Result], Field(min_length=1)]


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("laid")
    with contextlib.chdir(root):
        lay(settings())
    return root


@pytest.fixture
def found(laid: Path, monkeypatch: pytest.MonkeyPatch) -> Gathered:
    monkeypatch.chdir(laid)
    return gathered.load(params.read())


def texts(found: Gathered) -> dict[str, str]:
    return cards.texts(found, summary.build(found))


def front(text: str) -> dict[str, Any]:
    """The front matter of a card."""
    opened, matter, _ = text.split("---\n", 2)
    assert opened == ""
    content: dict[str, Any] = YAML(typ="safe").load(matter)
    return content


def indexed(made: dict[str, str]) -> Iterator[tuple[str, dict[str, Any], Model]]:
    """Every model of every card, with its problem and the front matter."""
    for file, text in made.items():
        matter = front(text)
        for entry in matter["model-index"]:
            yield file.removesuffix(".md"), matter, Model.model_validate(entry)


def test_the_index_holds_each_row_once_under_the_task_of_its_card(found: Gathered) -> None:
    models = list(indexed(texts(found)))
    assert [model.name for _, _, model in models] == list(found.rows)
    for problem, matter, model in models:
        assert found.rows[model.name].problem == problem
        (result,) = model.results
        assert result.task.type == matter["pipeline_tag"]
        assert result.dataset.type.split("+")[0] == found.rows[model.name].dataset


def test_numbers_of_the_index_are_those_of_the_results(found: Gathered) -> None:
    lines = gathered.table(paths.results())
    for problem, _, model in indexed(texts(found)):
        (result,) = model.results
        mine = [line for line in lines if line["variant"] == model.name]
        judged = found.dictionary.headline(problem).name
        metrics = {metric.type: metric for metric in result.metrics}
        assert (judged in metrics) == any(line[judged] for line in mine)
        for name, metric in metrics.items():
            values = [float(line[name]) for line in mine]
            assert metric.value == pytest.approx(statistics.fmean(values), abs=1e-6)
            assert metric.args["seeds"] == [int(line["seed"]) for line in mine]
            assert ("standard_deviation" in metric.args) == (len(values) > 1)
            if len(values) > 1:
                assert metric.args["standard_deviation"] == pytest.approx(statistics.stdev(values), abs=1e-6)
            assert ("own judge" in metric.name) == name.endswith("_judge")
            assert {"min": "lower", "max": "higher"}[found.dictionary.described(name).better] in metric.name


def test_a_card_for_each_problem_with_all_its_rows(found: Gathered) -> None:
    made = texts(found)
    rows = found.rows
    assert set(made) == {f"{row.problem}.md" for row in rows.values()}
    for name, row in rows.items():
        procedure, results = markdown_tables(made[f"{row.problem}.md"])[1:]
        assert sum(f"| `{name}` |" in line for line in procedure) == 1
        assert sum(f"| {name.replace('_', chr(92) + '_')} |" in line for line in results) == 1


def test_every_row_fills_its_table(found: Gathered) -> None:
    for text in texts(found).values():
        for block in markdown_tables(text):
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block}) == 1


def test_numbers_are_those_of_the_summary(found: Gathered) -> None:
    table, text = summary.build(found), texts(found)["set1.md"]
    line = next(line for line in table.groups[0].lines if line.name == "taught")
    row = next(row for row in markdown_tables(text)[2] if "| taught |" in row)
    for column in table.columns:
        if column.key in table.layout.on_card and column.key in line.cells:
            assert table.number(column, line.cells[column.key].value) in row
    assert "−10.0 (−12.0 to −8.0) | better |" in row


def test_an_interval_over_images_is_that_of_the_seeds(found: Gathered) -> None:
    for name, line in (("low", 0.029), ("high", 0.033)):
        for each in found.lines["taught"]:
            each[f"l1_{name}"] = str(line)  # type: ignore[index]
    row = next(row for row in markdown_tables(texts(found)["set1.md"])[2] if "| taught |" in row)
    assert "| 29.0 to 33.0 |" in row


def test_one_seed_is_called_one(found: Gathered) -> None:
    made = texts(found)
    assert "2 of the students were trained with one seed" in made["set2.md"]
    assert "were trained with one seed" not in made["set1.md"]
    assert "Of 2 taught rows, 1 differs from the control" in made["set1.md"]
    assert "Of 1 taught rows, 0 differ from the control" in made["set2.md"]
    assert "| −100.0 | single seed |" in made["set2.md"]
    assert "of returning the input is left by lone-none, lone-taught." in made["set2.md"]


def test_names_cannot_break_a_card(found: Gathered) -> None:
    assert "<script>" not in "".join(texts(found).values())


def test_what_was_read_has_terms_of_its_own(found: Gathered) -> None:
    row = found.settings.datasets["faces"]
    foreign = row.model_copy(update={"dataset": "celeba", "settings": {"directory": "data/raw/celeba"}})
    changed = found.settings.model_copy(update={"datasets": {"faces": foreign}})
    made = texts(replace(found, settings=changed))
    assert "Their own terms bind" in made["set1.md"]
    assert "nobody is depicted" not in made["set1.md"]
    assert "nobody is depicted" in texts(found)["set1.md"]


def test_the_code_of_a_card_runs(found: Gathered) -> None:
    row = found.settings.teachers["large"]
    spec = specs.of_teacher(row, found.settings)
    torch.manual_seed(0)
    networks = members.load("families", row.family).build(spec)
    write_atomically(paths.teacher("large"), checkpoints.serialise(row.family, spec, networks, {}))
    (block,) = re.findall(r"```python\n(.*?)```", texts(found)["set1.md"], re.DOTALL)
    assert "torch.zeros(1, 2)  # Male, Young\n" in block
    names: dict[str, torch.Tensor] = {}
    exec(block, names)
    assert names["translated"].shape == (1, 3, 16, 16)


@pytest.mark.usefixtures("found")
def test_the_stage_writes_the_same_bytes_twice() -> None:
    write_tables.main()
    first = {file.name: file.read_bytes() for file in paths.cards().iterdir()}
    assert set(first) == {"set1.md", "set2.md", "real_world.md"}
    write_tables.main()
    assert {file.name: file.read_bytes() for file in paths.cards().iterdir()} == first
