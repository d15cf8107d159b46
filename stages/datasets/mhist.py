"""MHIST: colorectal polyps, hyperplastic (HP) or sessile serrated (SSA), with the votes of seven pathologists.

Wei et al., A Petri Dish for Histopathology Image Analysis, AIME 2021, arXiv 2101.12355; given on request only.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from stages.preparing import annotated
from stages.preparing.writing import Source


def source(
    *,
    resolution: Annotated[int, Field(ge=16, le=512)],
    directory: str,
    validation: Annotated[int, Field(ge=2)],
    seed: Annotated[int, Field(ge=0, lt=2**63)],
) -> Source:
    """Split by the column `Partition`, so that what is reported elsewhere is reported here."""
    return annotated.source(Path(directory), resolution, validation, seed, {"origin": "MHIST, by request"})
