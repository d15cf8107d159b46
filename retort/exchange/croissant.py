"""Croissant 1.0 metadata (https://docs.mlcommons.org/croissant/docs/croissant-spec.html) of an exported data set.

The data are drawn or read where they are needed and published nowhere by the project: what is described is the folder
that an export has written, with relative addresses and the SHA-256 of its lists; metadata.csv has that of each image.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.storage.hashing import file_hash

FILE, TABLE = "croissant.json", "metadata.csv"
EXACT = ("exact", "exact_sha256")
"""Columns of metadata.csv where exact translations are known."""
CONFORMS = "http://mlcommons.org/croissant/1.0"
CITE_AS = (
    "The Retort authors. Retort: a reproducible benchmark of knowledge distillation for generative networks. 2026."
)
LICENCES = {"CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/"}
FORMATS = {".csv": "text/csv", ".txt": "text/plain"}
SPLITS = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}
TERMS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject", "fileSet", "format"),
    *("includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in TERMS},
}

Json = dict[str, Any]


@dataclass(frozen=True)
class About:
    """What is known of a data set besides its files; `licence` is an SPDX name, empty where others own the images."""

    name: str
    made: Mapping[str, Any]
    licence: str = ""
    origin: str = ""


def file_object(file: Path) -> Json:
    """A list beside the metadata."""
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "encodingFormat": FORMATS[file.suffix],
        "sha256": file_hash(file),
    }


def column(name: str, kind: str, meaning: str, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """A column of metadata.csv."""
    source = {"fileObject": {"@id": TABLE}, "extract": {"column": name}}
    return field("labels", name, kind, meaning, source=source, **more)


def field(record_set: str, name: str, kind: str, meaning: str, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """A field of a record set."""
    described = {"@type": "cr:Field", "@id": f"{record_set}/{name}", "name": name, "description": meaning}
    return {**described, "dataType": kind, **more}


def of_labels(labels: Iterable[str], exact: str) -> Json:
    """A record for each image: where it is, its split, its hash, its labels, and its exact translation if known."""
    translation = (
        column(EXACT[0], "sc:Text", "Path of the exact translation, empty where it is not known."),
        column(EXACT[1], "sc:Text", "SHA-256 of the exact translation's file."),
    )
    return {
        "@type": "cr:RecordSet",
        "@id": "labels",
        "name": "labels",
        "description": "One record for each image.",
        "key": {"@id": "labels/file_name"},
        "field": [
            column("file_name", "sc:Text", "Path of the image."),
            column("split", "sc:Text", "Split of the image.", references={"field": {"@id": "splits/name"}}),
            column("sha256", "sc:Text", "SHA-256 of the image's file."),
            *(column(label, "sc:Boolean", f"Whether {label} is set.") for label in labels),
            *(translation if exact else ()),
        ],
    }


def of_images() -> Json:
    """A record for each file: its path, which is the key of its labels, and the image."""
    path = {"fileSet": {"@id": "png"}, "extract": {"fileProperty": "fullpath"}}
    content = {"fileSet": {"@id": "png"}, "extract": {"fileProperty": "content"}}
    return {
        "@type": "cr:RecordSet",
        "@id": "images",
        "name": "images",
        "description": "One record for each file; its path finds its labels.",
        "key": {"@id": "images/file_name"},
        "field": [
            field("images", "file_name", "sc:Text", "Path of the image.", source=path),
            field("images", "image", "sc:ImageObject", "The image.", source=content),
        ],
    }


def of_splits() -> Json:
    """The three splits."""
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "The splits.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            field("splits", "name", "sc:Text", "Name of the split."),
            field("splits", "url", "sc:URL", "What the split is for."),
        ],
        "data": [{"splits/name": name, "splits/url": url} for name, url in SPLITS.items()],
    }


def file_set(name: str, meaning: str, patterns: list[str]) -> Json:
    """Pictures at some glob patterns."""
    described = {"@type": "cr:FileSet", "@id": name, "name": name, "description": meaning}
    return {**described, "encodingFormat": "image/png", "includes": patterns}


def describe(about: About, labels: Iterable[str], lists: Iterable[Path], images: list[str], exact: str) -> Json:
    """The metadata of a folder: its lists, its pictures at glob patterns, its exact translations below a folder."""
    settings = ", ".join(f"{key} {json.dumps(value)}" for key, value in about.made.items())
    said = f"{about.origin}; " if about.origin else ""
    found: Json = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": about.name,
        "description": f"Images and labels written by `retort data export`: {said}{settings}.",
        "isLiveDataset": False,
    }
    if about.licence:
        found |= {
            "license": LICENCES[about.licence],
            "creator": {"@type": "sc:Organization", "name": "The Retort authors"},
            "citeAs": CITE_AS,
        }
    pictures = [file_set("png", "The images.", images)]
    if exact:
        patterns = [f"{exact}/{pattern}" for pattern in images]
        pictures.append(file_set(EXACT[0], "Exact translations of images, under the images' own names.", patterns))
    return {
        **found,
        "distribution": [*map(file_object, lists), *pictures],
        "recordSet": [of_splits(), of_labels(labels, exact), of_images()],
    }


def write(directory: Path, about: About, labels: Iterable[str], images: list[str], exact: str = "") -> None:
    """croissant.json of a folder whose other files are written; `exact` is where exact translations are, if any."""
    lists = sorted(file for file in directory.iterdir() if file.suffix in FORMATS)
    text = json.dumps(describe(about, labels, lists, images, exact), indent=1, ensure_ascii=False) + "\n"
    (directory / FILE).write_text(text, encoding="utf-8", newline="\n")
