"""Which trained row a person means, and from where its files can come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retort.checking import sentences
from stages.exporting import sources
from stages.settings import paths, sweeps
from stages.settings.rows import ExportRow, Params, VariantRow


class ExportError(ValueError):
    """A row that cannot be exported as it was asked for; the message says what to do."""


@dataclass(frozen=True)
class Choice:
    """A row to export: under which name, what trains it, and where its weights and its kept files are."""

    name: str
    trained: str
    row: ExportRow

    @property
    def weights(self) -> Path:
        """The checkpoint."""
        return paths.student(self.trained, self.row.seed)

    def kept(self, settings: Params) -> list[Path]:
        """The float32 files that are in git, if this row and seed are exported there."""
        if settings.exports.get(self.name) != self.row:
            return []
        return sorted(paths.exported_networks(self.name).glob("*.onnx"))

    def trains(self, settings: Params) -> str:
        """What makes the weights."""
        return f"retort repro {sweeps.stage(settings, 'distill_students', self.row.source)}@{self.row.source}"


def choice(name: str, seed: int | None, settings: Params) -> Choice:
    """The row of a name: an exported one, or any that is trained; of a sweep `<sweep>/<point>`."""
    rows = sweeps.rows(settings)
    if name in settings.exports:
        row = settings.exports[name]
        trained = sources.variant(row)
    else:
        trained = name
        if name not in rows:
            near = sentences.did_you_mean(name, [*rows, *settings.exports])
            raise ExportError(
                f"{name!r} is not a trained row{near}; `retort check` counts them, params.yaml lists them"
            )
        row = as_export(name, rows[name], rows[name].seeds[0])
    if seed is not None:
        row = row.model_copy(update={"seed": seed})
    if row.seed not in rows[trained].seeds:
        seeds = ", ".join(map(str, rows[trained].seeds))
        raise ExportError(f"{name}: seed {row.seed} is not trained; there are {seeds}")
    return Choice(known_as(row, trained, settings), trained, row)


def as_export(name: str, row: VariantRow, seed: int) -> ExportRow:
    """A trained row as the stage would be told of it."""
    source, _, point = name.partition("/")
    shared = {field: getattr(row, field) for field in ExportRow.model_fields if hasattr(row, field)}
    return ExportRow(**shared, source=source, point=point, seed=seed)


def known_as(row: ExportRow, trained: str, settings: Params) -> str:
    """What params call a row that is exported there, or the name it is trained under."""
    return next((name for name, each in settings.exports.items() if each == row), trained)
