"""What became of the claims here, held against the outcomes that were published."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from retort.verification.published import Source
from retort.verification.recorded import Finding
from stages.findings import claims
from stages.findings.claims import Outcome

NEEDED = ("claim", "outcome", "figures")
OPEN = "cannot tell"


def published(text: bytes) -> dict[str, tuple[str, str]]:
    """Claim -> outcome and figures, as a claims.csv tells them."""
    reader = csv.DictReader(io.StringIO(text.decode("utf-8")))
    absent = [name for name in NEEDED if name not in (reader.fieldnames or ())]
    if absent:
        raise ValueError(f"has no column {', '.join(absent)}")
    return {line["claim"]: (line["outcome"], line["figures"]) for line in reader}


def changed(
    here: Sequence[Outcome], there: Mapping[str, tuple[str, str]], exact: bool
) -> Iterator[tuple[bool, Finding]]:
    """Claims that come out otherwise than published, and those that one side alone makes; whether that is a fault.

    It is none where one side cannot tell: with other seeds a claim near its limit becomes open, or is decided.
    """
    for each in here:
        sentence = each.claim.claim
        if sentence not in there:
            yield True, Finding(sentence, f"is claimed here ({each.state}), and not published")
        elif there[sentence][0] != each.state:
            outcome, figures = there[sentence]
            what = f"{each.state} here ({each.figures}); published: {outcome} ({figures})"
            yield exact or OPEN not in (outcome, each.state), Finding(sentence, what)
    made = {each.claim.claim for each in here}
    for sentence in there:
        if sentence not in made:
            yield True, Finding(sentence, "is a published claim, and not made here")


def against(here: Sequence[Outcome], source: Source, exact: bool) -> tuple[list[Finding], list[Finding], str]:
    """What a source's claims.csv says otherwise, what of that is no fault, and where it is, or that there is none."""
    text = source.read(claims.TABLE)
    if text is None:
        return [], [], f"not compared: {source.name} holds no {claims.TABLE}"
    try:
        found = list(changed(here, published(text), exact))
    except (ValueError, csv.Error) as error:
        return [Finding(claims.TABLE.as_posix(), f"in {source.name} {error}")], [], source.name
    findings, told = [each for fault, each in found if fault], [each for fault, each in found if not fault]
    other = {each.where for _, each in found}
    same = sum(each.claim.claim not in other for each in here)
    return findings, told, f"{source.name}; {same} of {len(here)} the same"
