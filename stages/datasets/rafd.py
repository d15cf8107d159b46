"""RaFD as StarGAN lays it out, a folder per expression (Langner et al., Cognition & Emotion 24(8), 2010)."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from stages.preparing import pictures
from stages.preparing.writing import Chunk, Source
from stages.storage.prepared import SPLITS, DataError


def source(
    *,
    resolution: int,
    directory: str,
    crop: Annotated[int, Field(ge=0)] = 0,
    split: Literal["folders", "seeded"],
    seed: int | None = None,
    test: Annotated[int, Field(gt=0)] | None = None,
    validation: Annotated[int, Field(gt=0)] | None = None,
) -> Source:
    """`folders`: train/, test/ and perhaps validation/ hold the expressions; `seeded`: the directory itself does."""
    root = Path(directory)
    members = (
        folder_split(root, seed, test, validation) if split == "folders" else seeded_split(root, seed, test, validation)
    )
    expressions = tuple(sorted({path.parent.name for path in members["train"]}))
    for name in SPLITS:
        odd = set(expressions) ^ {path.parent.name for path in members[name]}
        if odd:
            raise DataError(
                f"{root}: {', '.join(sorted(odd))} in only one of train and {name}; each needs all expressions"
            )
    converted: Counter[str] = Counter()

    def reader(paths: list[Path]) -> Callable[[], Iterator[Chunk]]:
        def read() -> Iterator[Chunk]:
            one_hot = np.eye(len(expressions), dtype=np.uint8)
            for piece, images in pictures.read_pictures(paths, crop, resolution, converted):
                yield Chunk(images, one_hot[[expressions.index(path.parent.name) for path in paths[piece]]])

        return read

    return Source(
        labels=expressions,
        kind="expressions",
        exclusive=(),
        targets=(),
        splits={name: reader(members[name]) for name in SPLITS},
        notes=lambda: pictures.conversions(converted),
    )


def list_faces(folder: Path) -> list[Path]:
    """The pictures of every expression below a folder, by file name, so that a chunk holds all expressions."""
    try:
        expressions = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be listed ({error.strerror}); it should hold a folder per expression"
        ) from error
    if len(expressions) < 2:
        raise DataError(f"{folder}: expected a folder per expression, found {len(expressions)} folders")
    faces = [folder / expression.name / name for expression in expressions for name in pictures.listing(expression)]
    return sorted(faces, key=lambda path: (path.name, path.parent.name))


def folder_split(root: Path, seed: int | None, test: int | None, validation: int | None) -> dict[str, list[Path]]:
    """StarGAN's train/ and test/; validation/ where it exists, else drawn from train/ with a seed."""
    if test is not None:
        raise DataError("`split: folders` takes no setting test: the test/ folder decides")
    members = {"train": list_faces(root / "train"), "test": list_faces(root / "test")}
    if (root / "validation").is_dir():
        if validation is not None or seed is not None:
            raise DataError(f"{root / 'validation'} exists: leave out the settings validation and seed")
        return {**members, "validation": list_faces(root / "validation")}
    if validation is None or seed is None:
        raise DataError(f"{root} has no validation/ folder: the settings validation and seed draw it from train/")
    drawn, rest = draw(members["train"], validation, seed)
    return {**members, "train": rest, "validation": drawn}


def seeded_split(root: Path, seed: int | None, test: int | None, validation: int | None) -> dict[str, list[Path]]:
    """One folder per expression and nothing above: the test and the validation are drawn with a seed."""
    if seed is None or test is None or validation is None:
        raise DataError("`split: seeded` needs the settings seed, test and validation")
    held_out, train = draw(list_faces(root), test + validation, seed)
    return {"train": train, "validation": held_out[test:], "test": held_out[:test]}


def draw(faces: list[Path], count: int, seed: int) -> tuple[list[Path], list[Path]]:
    """`count` faces at random, and the rest in its order."""
    if count >= len(faces):
        raise DataError(f"{len(faces)} images cannot give {count} held-out images and a rest to train on")
    drawn = random.Random(seed).sample(faces, count)
    chosen = set(drawn)
    return drawn, [face for face in faces if face not in chosen]
