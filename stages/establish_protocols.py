"""Write down what the numbers of an examination depend on, so that a metric's code reaches the evaluations it is for.

In: params, the files of the metrics that they name; out: results/protocols/<examination>.json.
"""

from __future__ import annotations

import json
import sys

from stages.measuring import protocols
from stages.settings import params, paths, provenance
from stages.settings.atomic import write_atomically


def main(examination: str) -> None:
    """Write the protocol of the kind of examination called `examination`."""
    with provenance.timed("establish_protocols", examination):
        content = protocols.established(examination, params.read())
        write_atomically(paths.protocol(examination), f"{json.dumps(content, indent=1)}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1])
