"""dvc.lock, single entries of which are exchanged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dvc.stage import PipelineStage
from dvc.stage.serialize import to_lockfile
from dvc.utils.serialize import dumps_yaml, load_yaml, loads_yaml

from stages.settings import paths
from stages.settings.atomic import write_atomically

LOCK_LAYOUT = re.compile(r"^stages:\n  \S", re.MULTILINE)


def record(texts: Mapping[str, str], order: Iterable[str]) -> None:
    """Put the texts of entries into dvc.lock, whose entries stay in the graph's order.

    DVC's own way parses and writes the whole file for each stage, which takes seconds once it has some size, and leaves
    half a file behind when it is killed meanwhile. Here the text of single entries is exchanged, and the file replaced.
    """
    before, entries, after = lock_entries()
    entries.update(texts)
    rank = {name: place for place, name in enumerate(order)}
    ordered = sorted(entries, key=lambda name: rank.get(name, len(rank)))
    replace_lock(before, [entries[name] for name in ordered], after)


def parsed(text: str) -> dict[str, Any]:
    """An entry as DVC reads it."""
    (entry,) = loads_yaml(text).values()
    return dict(entry)


def text_of(stage: PipelineStage) -> str:
    """The entry of a stage. A path that two slots of its row lead to stands in it once; DVC writes it twice."""
    content = plain(to_lockfile(stage))
    for entry in content.values():
        if "deps" in entry:
            entry["deps"] = list({dep["path"]: dep for dep in entry["deps"]}.values())
    return str(dumps_yaml({"stages": content}).removeprefix("stages:\n"))


def lock_entries() -> tuple[str, dict[str, str], str]:
    """The text of dvc.lock: what precedes the entries, each entry by the item's name, what follows."""
    text = paths.LOCK.read_text(encoding="utf-8") if paths.LOCK.exists() else ""
    if not LOCK_LAYOUT.search(text):
        content = load_yaml(paths.LOCK) if text else {}
        stages = content.pop("stages", {})
        text = dumps_yaml({"schema": "2.0", **content}) + (dumps_yaml({"stages": stages}) if stages else "stages:\n")
    before, _, rest = text.partition("\nstages:\n")
    end = re.search(r"^\S", rest, re.MULTILINE)
    inside, after = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    pieces = re.split(r"^(?=  \S)", inside, flags=re.MULTILINE)
    return before, {piece.partition(":\n")[0].strip(): piece for piece in pieces if piece}, after


def replace_lock(before: str, entries: Iterable[str], after: str) -> None:
    """Write dvc.lock whole or not at all."""
    joined = "".join(entries)
    text = f"{before}\nstages:\n{joined}{after}" if joined else f"{before}\nstages: {{}}\n{after}"
    write_atomically(paths.LOCK, text.encode())


def plain(value: Any) -> Any:  # noqa: ANN401 - a tree of plain values
    """A copy that shares nothing, which YAML therefore writes without anchors."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
