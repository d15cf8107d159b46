"""Weights of a row, read from disk: refused where they are not those that were made, or describe no network of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retort.verification import unchanged

if TYPE_CHECKING:
    from stages.learning.checkpoints import Checkpoint


def networks(path: Path) -> Checkpoint:
    """The networks of a file."""
    from stages.learning import checkpoints

    try:
        unchanged.hold(path)
        return checkpoints.read(path)
    except checkpoints.CheckpointError:
        raise
    except unchanged.ChangedError as error:
        raise checkpoints.CheckpointError(str(error)) from None
    # Whatever a file says of itself that no family can build.
    except Exception as error:
        told = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        raise checkpoints.CheckpointError(
            f"{path} describes no networks of this project ({told}); delete it and run again"
        ) from error
