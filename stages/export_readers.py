"""Judges as files that anyone can run: what a picture shows, and how unlike a data set it is.

In: results/judges, and the data sets of the rows that leave the benchmark; out: results/readers/<dataset>.onnx.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from stages.exporting import converting
from stages.learning import devices
from stages.measuring import judges
from stages.reading import network, strangeness
from stages.settings import params, paths, provenance
from stages.settings.atomic import write_atomically
from stages.settings.rows import Params
from stages.storage import prepared

ASKED_BY = ("translation", "directions", "classification")
"""The kinds of examinations whose networks are given pictures."""
THRESHOLD = (
    "Mahalanobis' distance of what the judge's layers see to the nearest class of the train split, divided by its 99th "
    "percentile over the validation split: above 1 a picture is unlike what the networks saw"
)
CENTRE = {"crop": "centre", "resampling": "bilinear"}
FRAMINGS: Mapping[str, Mapping[str, str]] = {
    "images": {"crop": "centre", "resampling": "lanczos"},
    "unpaired": {"crop": "whole", "resampling": "bicubic"},
    "aligned": {"crop": "whole", "resampling": "bicubic"},
    "cityscapes": {"crop": "whole", "resampling": "nearest"},
}
"""How a data set's reader makes squares of pictures, where it does not take the middle; drawn ones have no frame."""


README = """Judges as ONNX files, for whoever runs the networks beside them on pictures of his own (`retort try`).

`<dataset>.onnx` takes `image`, uint8 [n, h, w, 3]. It answers `labels`, the probability of each label, and
`strangeness`: above 1 a picture is unlike what the networks of this data set saw. Its metadata say the rest.
"""


def wanted(settings: Params) -> list[str]:
    """The data sets of the rows that leave the benchmark and take pictures, where a judge reads them."""
    rows = [row for row in settings.exports.values() if row.examination in ASKED_BY]
    named = dict.fromkeys(name for row in rows for name in (row.dataset, row.partner))
    return [name for name in named if name in settings.judges]


def exported(name: str, settings: Params, device: str) -> bytes:
    """The bytes of one data set's reader."""
    data = prepared.read(paths.dataset(name))
    header = data.header
    judge = judges.read_for(paths.judge(name), header)
    if judge.about["data"] != header.sha256:
        raise judges.JudgeError(f"{paths.judge(name)} was made for other data of {name}; `retort repro` makes it again")
    place = devices.choose(device, "float32")
    ruler = judge.network.to(place.device)
    attributes = header.kind == "attributes"
    known = strangeness.usual(ruler, data.split("train"), data.split("validation"), attributes, place.device)
    module = network.Reading(ruler.cpu(), known, attributes)
    return converting.described(network.converted(module, header.resolution), about(header, settings))


def about(header: prepared.Header, settings: Params) -> dict[str, Any]:
    """What a reader's file says of itself."""
    return {
        "dataset": header.name,
        "labels": header.labels,
        "kind": header.kind,
        "exclusive": header.exclusive,
        "resolution": str(header.resolution),
        "framing": FRAMINGS.get(settings.datasets[header.name].dataset, CENTRE),
        "strangeness": THRESHOLD,
        "precision": "float32",
        "opset": str(converting.OPSET),
        "project": f"retort {version('retort')}",
    }


def main() -> None:
    """Write the readers of all data sets that are asked for."""
    settings = params.read()
    with provenance.timed("export_readers"):
        paths.readers().mkdir(parents=True, exist_ok=True)
        for file in paths.readers().glob("*.onnx"):
            file.unlink()
        write_atomically(paths.readers() / "README.md", README.encode())
        for name in wanted(settings):
            content = exported(name, settings, settings.run.device)
            write_atomically(paths.reader(name), content)
            print(f"{paths.reader(name)}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
