"""How the project is described to archives: codemeta.json and .zenodo.json, made from CITATION.cff.

CodeMeta 3.0 (https://w3id.org/codemeta/3.0) and the metadata of a Zenodo deposit, both written by
`python -m retort.exchange.citation`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stages.settings.atomic import write_atomically

CITATION, CODEMETA, ZENODO = Path("CITATION.cff"), Path("codemeta.json"), Path(".zenodo.json")

Fields = Mapping[str, Any]


def read(file: Path = CITATION) -> dict[str, Any]:
    """The content of CITATION.cff."""
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))


def arxiv(reference: Fields) -> str:
    """The arXiv number of a reference, as it writes it itself."""
    return next(each["value"].removeprefix("arXiv:") for each in reference["identifiers"])


def codemeta(cited: Fields) -> dict[str, Any]:
    """What codemeta.json says; a DOI where an archive has given one."""
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "type": "SoftwareSourceCode",
        "name": cited["title"],
        "description": cited["abstract"],
        "version": cited["version"],
        **({"identifier": f"https://doi.org/{cited['doi']}"} if "doi" in cited else {}),
        "author": [{"type": "Organization", "name": author["name"]} for author in cited["authors"]],
        "license": f"https://spdx.org/licenses/{cited['license']}",
        "keywords": cited["keywords"],
        "programmingLanguage": "Python",
        "citation": [
            {
                "type": "ScholarlyArticle",
                "name": reference["title"],
                "datePublished": str(reference["year"]),
                "url": f"https://arxiv.org/abs/{arxiv(reference)}",
            }
            for reference in cited["references"]
        ],
    }


def zenodo(cited: Fields) -> dict[str, Any]:
    """What .zenodo.json says."""
    return {
        "upload_type": cited["type"],
        "title": cited["title"],
        "description": cited["abstract"],
        "version": cited["version"],
        "creators": [{"name": author["name"]} for author in cited["authors"]],
        "license": cited["license"],
        "access_right": "open",
        "keywords": cited["keywords"],
        "related_identifiers": [
            {"identifier": f"arXiv:{arxiv(reference)}", "relation": "cites", "scheme": "arxiv"}
            for reference in cited["references"]
        ],
    }


def texts(cited: Fields) -> dict[Path, str]:
    """Both files."""
    made = {CODEMETA: codemeta(cited), ZENODO: zenodo(cited)}
    return {path: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for path, content in made.items()}


def main() -> None:
    """Write both files."""
    for path, text in texts(read()).items():
        write_atomically(path, text.encode())


if __name__ == "__main__":
    main()
