"""A row beside its teacher or its students on what a person gives: pictures, directions, or numbers of latents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retort.trying import finding, pictures, questions
from retort.trying.networks import Network, Row
from retort.trying.pictures import Framing
from retort.trying.questions import Question, Said, Seen
from retort.trying.refusals import Refused

MOST_PICTURES, MOST_QUESTIONS = 32, 100
SYNTHESIS, CLASSIFICATION, TRANSLATION = "synthesis", "classification", "translation"


@dataclass(frozen=True)
class Tried:
    """Rows, what they were asked, and of each row an answer to each question and its milliseconds."""

    rows: tuple[Row, ...]
    questions: tuple[Question, ...]
    answers: tuple[tuple[np.ndarray[Any, Any], ...], ...]
    milliseconds: tuple[float, ...]
    framing: Framing

    @property
    def examination(self) -> str:
        """What kind of networks these are."""
        return self.rows[0].first["examination"]

    @property
    def seen(self) -> list[Seen]:
        """The pictures, each once."""
        found = {id(each.seen): each.seen for each in self.questions if each.seen is not None}
        return list(found.values())

    def used(self, row: Row) -> Network:
        """The network of a row that was timed."""
        return named(row, self.questions[0].network)


def run(name: str, files: Sequence[Path], said: Said, latents: Sequence[int], truncation: float) -> Tried:
    """Everything that a person asks for."""
    rows = tuple(finding.beside(name))
    first = rows[0].first
    refuse_nonsense(first, files, said, latents)
    readers = finding.readers(datasets(first))
    framing = next((reader.framing for reader in readers.values()), Framing())
    shown = (pictures.read(file, framing, int(first["resolution"])) for file in files)
    asked = [each for picture in shown for each in questions.of_picture(picture, rows[0], readers, said)]
    asked += [questions.synthesis(number, first, truncation) for number in latents]
    if len(asked) > MOST_QUESTIONS:
        raise Refused(f"that makes {len(asked)} lines of a sheet; {MOST_QUESTIONS} are the most, give fewer pictures")
    answers = tuple(tuple(named(row, each.network).run(each.given)[0][0] for each in asked) for row in rows)
    times = tuple(named(row, asked[0].network).milliseconds(asked[0].given) for row in rows)
    return Tried(rows, tuple(asked), answers, times, framing)


def datasets(network: Network) -> tuple[str, ...]:
    """The data sets whose readers can say something of the pictures that a network is given."""
    if network["examination"] == SYNTHESIS:
        return ()
    return network.datasets if network["examination"] == TRANSLATION else (network["dataset"],)


def named(row: Row, network: str) -> Network:
    """A network of a row by its name."""
    return next(each for each in row.networks if each["network"] == network)


def refuse_nonsense(network: Network, files: Sequence[Path], said: Said, latents: Sequence[int]) -> None:
    """Refuse what a kind of network has no use for."""
    row, examination = network["row"], network["examination"]
    if examination == SYNTHESIS:
        if files or said.to or said.known or said.grid:
            raise Refused(f"{row} makes images of latents: name one with --latent N, and no picture and no label")
        if not latents:
            raise Refused(f"{row} makes images of latents: say which with --latent N, any whole number")
        return
    if latents:
        raise Refused(f"{row} takes pictures; --latent is for rows that make images of latents")
    if not files:
        raise Refused(f"name a picture for {row}: a JPEG, PNG, WebP or GIF file")
    if len(files) > MOST_PICTURES:
        raise Refused(f"{len(files)} pictures are too many at once; {MOST_PICTURES} are the most")
    if examination == CLASSIFICATION and (said.to or said.known or said.grid):
        raise Refused(f"{row} classifies pictures; --to, --from and --grid are for rows that change them")
    if said.grid and said.to:
        raise Refused("--grid asks for all labels, --to for some: give one of them")
