"""CITATION.cff keeps to the Citation File Format 1.2.0, and the archives are told the same as its readers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retort.exchange import citation
from retort.verification import repository

ROOT = Path(__file__).resolve().parents[1]
TITLE = Annotated[str, Field(min_length=1)]


def hyphened(name: str) -> str:
    return name.replace("_", "-")


class Part(BaseModel):
    """Closed and strict, as the schema is; of its optional fields only those used here are allowed."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=hyphened)


class Person(Part):
    family_names: TITLE
    given_names: TITLE


class Entity(Part):
    name: TITLE


class Identifier(Part):
    type: Literal["doi", "url", "swh", "other"]
    value: TITLE


class Reference(Part):
    type: Literal["article", "conference-paper", "report", "software", "thesis"]
    title: TITLE
    authors: Annotated[list[Person | Entity], Field(min_length=1)]
    year: Annotated[int, Field(ge=1950)]
    version: TITLE | None = None
    license: Literal["MIT"] | None = None
    conference: Entity | None = None
    identifiers: list[Identifier] | None = None


class Citation(Part):
    cff_version: Literal["1.2.0"]
    message: TITLE
    type: Literal["software", "dataset"]
    title: TITLE
    abstract: TITLE
    version: TITLE
    doi: Annotated[str, Field(pattern=r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-\.\(\)\[\]\\]+$")] | None = None
    authors: Annotated[list[Person | Entity], Field(min_length=1)]
    license: Literal["MIT"]
    keywords: Annotated[list[TITLE], Field(min_length=1)]
    preferred_citation: Reference
    references: list[Reference]


@pytest.fixture(scope="module")
def cited() -> dict[str, Any]:
    return citation.read(ROOT / citation.CITATION)


def test_it_keeps_to_the_schema(cited: dict[str, Any]) -> None:
    Citation.model_validate(cited)


@pytest.mark.parametrize(
    "change",
    [{"authors": []}, {"cff-version": "1.1"}, {"unknown": 1}, {"version": 0.1}, {"preferred-citation": {"title": "x"}}],
)
def test_the_schema_refuses_what_the_format_does(cited: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Citation.model_validate({**cited, **change})


@pytest.mark.parametrize("changed", ["version: ", "authors:\n  - name: ", "keywords:\n"])
def test_what_the_package_says_otherwise_is_found(tmp_path: Path, changed: str) -> None:
    for name in (citation.CITATION, citation.CODEMETA, citation.ZENODO, "pyproject.toml", "LICENSE"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    assert not list(repository.cited(tmp_path))
    text = (tmp_path / citation.CITATION).read_text(encoding="utf-8")
    assert changed in text
    inserted = "  - another\n" if changed.startswith("keywords") else "another "
    (tmp_path / citation.CITATION).write_text(text.replace(changed, changed + inserted), encoding="utf-8")
    found = [f"{each.where}: {each.what}" for each in repository.cited(tmp_path)]
    assert any(changed.partition(":")[0] in each for each in found)
    assert any("codemeta.json: is not what CITATION.cff gives" in each for each in found)


@pytest.mark.parametrize("file", [citation.CODEMETA, citation.ZENODO], ids=str)
def test_archives_are_told_what_the_citation_says(cited: dict[str, Any], file: Path) -> None:
    made = citation.texts(cited)[file]
    assert (ROOT / file).read_text(encoding="utf-8") == made, f"{file} is old: python -m {citation.__name__}"
    told = json.loads(made)
    assert told["version"] == cited["version"]
    assert told["description"] == cited["abstract"]
    assert all(citation.arxiv(reference) in made for reference in cited["references"])


def test_a_doi_is_told(cited: dict[str, Any]) -> None:
    given = {**cited, "doi": "10.5281/zenodo.1234567"}
    Citation.model_validate(given)
    assert citation.codemeta(given)["identifier"] == "https://doi.org/10.5281/zenodo.1234567"
    with pytest.raises(ValidationError):
        Citation.model_validate({**cited, "doi": "https://doi.org/10.5281/zenodo.1234567"})


def test_a_changed_citation_changes_both_files(cited: dict[str, Any]) -> None:
    before, after = citation.texts(cited), citation.texts({**cited, "version": "9.9.9"})
    assert all(before[file] != after[file] for file in before)
