"""The page: data, styles and scripts in one file that may load nothing, whose policy names its scripts by hash."""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from retort.demo import networks, packing, pictures, runtime
from retort.demo.networks import Network, Row
from retort.demo.refusing import DemoError
from retort.demo.runtime import Runtime
from stages.settings import paths
from stages.settings.rows import Params
from stages.storage.prepared import Bytes
from stages.tables import templating

TEMPLATES = Path(__file__).parent / "templates"
SCRIPTS = ("bytes", "words", "images", "sessions", "problems", "controls", "chart", "check", "main")
"""Files of templates/, in the order in which they stand in the page."""
LIMIT_BYTES = 12_000_000
ENCODING = "utf-16-le"
"""What packed bytes are dense in. Browsers take it from the mark at the beginning, whatever a server says."""
FLOAT_BYTES = 4


@dataclass
class Blobs:
    """What is kept by name as packed text."""

    texts: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, content: bytes, planes: int = 1) -> dict[str, Any]:
        """Keep some bytes; how the page finds and unpacks them."""
        return self.keep(name, packing.squeezed(content, planes), len(content), planes)

    def keep(self, name: str, squeezed: bytes, length: int, planes: int) -> dict[str, Any]:
        """Keep what gzip has made smaller."""
        self.texts[name] = packing.text(squeezed)
        return {"blob": name, "packed": len(squeezed), "length": length, "planes": planes}


@dataclass(frozen=True)
class Made:
    """The page, its problems, those for which there was no room, and the data sets for whose reader there was none."""

    content: bytes
    shown: Sequence[str]
    left_out: Sequence[str]
    unread: Sequence[str]


@dataclass(frozen=True)
class Draft:
    """A page that is being filled."""

    facts: dict[str, Any]
    blobs: Blobs
    script: str

    def content(self) -> bytes:
        """Its bytes."""
        return rendered(self.facts, self.blobs.texts, self.script)

    def copy(self) -> Draft:
        """Another one that can be filled further."""
        facts = {**self.facts, "problems": [*self.facts["problems"]], "readers": {**self.facts["readers"]}}
        return Draft(facts, Blobs(dict(self.blobs.texts)), self.script)


def make(params: Params, had: Runtime, asked: Sequence[str] = ()) -> Made:
    """The page of all exported problems that fit, or of those asked for, which have to; then of readers what fits."""
    found = networks.found(params)
    unknown = [name for name in asked if name not in found]
    if unknown:
        raise DemoError(f"no networks of {', '.join(unknown)} were exported; there are: {', '.join(found)}")
    blobs = Blobs()
    facts = {"version": runtime.VERSION, "wasm": blobs.keep("wasm", had.wasm, 0, 1), "problems": [], "readers": {}}
    draft = Draft(facts, blobs, had.script)
    left_out: list[str] = []
    for name in asked or found:
        fuller = draft.copy()
        fuller.facts["problems"].append(problem(params, name, found[name], fuller.blobs))
        taken = len(fuller.content())
        if taken <= LIMIT_BYTES:
            draft = fuller
        elif asked or not draft.facts["problems"]:
            raise DemoError(f"with {name} the page has {taken:,} bytes, more than the {LIMIT_BYTES:,} it may have")
        else:
            left_out.append(name)
    draft, unread = with_readers(draft)
    return Made(draft.content(), [each["name"] for each in draft.facts["problems"]], left_out, unread)


def with_readers(draft: Draft) -> tuple[Draft, list[str]]:
    """The page with the readers for which there is room, and the data sets of the others."""
    unread: list[str] = []
    for name in dict.fromkeys(each["dataset"] for each in draft.facts["problems"] if "groups" in each):
        if not paths.reader(name).exists():
            continue
        fuller = draft.copy()
        fuller.facts["readers"][name] = file_facts(networks.read(paths.reader(name)), f"reader-{name}", fuller.blobs)
        if len(fuller.content()) <= LIMIT_BYTES:
            draft = fuller
        else:
            unread.append(name)
    return draft, unread


def problem(params: Params, name: str, rows: Sequence[Row], blobs: Blobs) -> dict[str, Any]:
    """All that the page knows of a problem."""
    about = rows[0].about
    dataset = about["dataset"]
    facts: dict[str, Any] = {
        "name": name,
        "examination": about["examination"],
        "dataset": dataset,
        "side": about["resolution"],
        "rows": [row_facts(row, blobs) for row in rows],
    }
    data = params.datasets[dataset]
    if about["examination"] == "translation":
        shown, groups = pictures.people(data, about["labels"], about["rivals"])
        facts |= {
            "labels": about["labels"],
            "groups": [{"labels": group.labels, "free": group.free} for group in groups],
            "vectors": [["".join(map(str, each)) for each in one.tolist()] for one in shown.labels],
            "own": list(shown.own),
            "pictures": blobs.add(f"pictures-{name}", differences(shown.images)),
        }
    elif about["examination"] == "directions":
        drawn = pictures.scenes(data)
        facts |= {
            "labels": about["labels"],
            "own": list(drawn.domains),
            "pictures": blobs.add(f"pictures-{name}", differences(drawn.images)),
        }
    else:
        facts["latent"] = about["latent"]
    return facts


def row_facts(row: Row, blobs: Blobs) -> dict[str, Any]:
    """A row and its networks."""
    return {
        "name": row.name,
        "called": row.called,
        "made": row.made,
        "teaches": row.teaches,
        "taught": row.taught,
        "networks": [
            {"name": name, **file_facts(network, f"{row.name}-{name}", blobs)} for name, network in row.networks.items()
        ],
    }


def file_facts(network: Network, name: str, blobs: Blobs) -> dict[str, Any]:
    """A file, and what the page needs to know of it."""
    said = {key: network.about[key] for key in ("macs", "parameters", "from", "to", "labels") if key in network.about}
    return {**said, "inputs": network.inputs, **blobs.add(name, network.content, FLOAT_BYTES)}


def differences(images: Bytes) -> bytes:
    """The first image of each as it is, of the others what differs from it: mostly zeros."""
    made = np.concatenate([images[:, :1], images[:, 1:] - images[:, :1]], axis=1)
    return made.tobytes()


def digest(text: str) -> str:
    """How a policy names an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(scripts: Sequence[str], style: str) -> str:
    """Nothing may be loaded from anywhere; these scripts and this style run, and WebAssembly may be compiled."""
    allowed = " ".join(digest(each) for each in scripts)
    return (
        f"default-src 'none'; script-src {allowed} 'wasm-unsafe-eval'; style-src {digest(style)}; "
        "base-uri 'none'; form-action 'none'"
    )


def rendered(facts: Mapping[str, Any], texts: Mapping[str, str], runtime_script: str) -> bytes:
    """The bytes of the page."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    own = "\n".join((TEMPLATES / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)
    page = (
        templating.pages(TEMPLATES)
        .get_template("page.html.j2")
        .render(
            policy=policy((runtime_script, own), style),
            style=Markup(style),
            runtime=Markup(runtime_script),
            script=Markup(own),
            facts=Markup(json.dumps(facts, ensure_ascii=True).replace("<", "\\u003c")),
            texts={name: Markup(text) for name, text in texts.items()},
            version=facts["version"],
        )
    )
    return codecs.BOM_UTF16_LE + page.encode(ENCODING)
