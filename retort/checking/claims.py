"""`claims.yaml` as a person wrote it: every claim that cannot be read, with its place and what was found there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from retort.checking import yaml_text
from stages.findings.claims import Claim, Claims, ClaimsError
from stages.settings import paths

DEEPEST = 3
"""Parts of the longest place that a person wrote: claims, which, field."""
EITHER = "Input should be a text or a number"


def checked(file: Path = paths.CLAIMS) -> list[Claim]:
    """The claims of a file; raises with everything that is wrong with it."""
    content, problems = yaml_text.read(file)
    told = [str(problem) for problem in problems or yaml_text.walk_values(content)]
    if not told and not isinstance(content.get("claims"), list):
        told = ["needs a list under `claims:`; `claims: []` where nothing is claimed"]
    if not told:
        try:
            return Claims.model_validate(content).claims
        except ValidationError as error:
            told = list(explained(error))
    raise ClaimsError("\n".join(f"{file}: {each}" for each in told))


def explained(error: ValidationError) -> Iterator[str]:
    """What is wrong, once per value: of one that may be of several types pydantic tells an error per type."""
    first = {each["loc"][:DEEPEST]: each for each in reversed(error.errors(include_url=False))}
    for location, each in reversed(first.items()):
        several = len(each["loc"]) > DEEPEST
        yield f"{place(location)}: {EITHER if several else each['msg']}; found {each['input']!r}"


def checked_or_exit(file: Path = paths.CLAIMS) -> list[Claim]:
    """The claims of a file, or what is wrong with it on standard error and exit status 2."""
    try:
        return checked(file)
    except ClaimsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def place(location: tuple[int | str, ...]) -> str:
    """Where in the file, as a person looks for it."""
    return ".".join(f"[{part}]" if isinstance(part, int) else part for part in location).replace(".[", "[")
