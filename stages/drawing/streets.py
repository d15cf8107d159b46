"""Streets: as a map of seven classes, and as a photograph of it in random light."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from stages.drawing import street_classes, street_layout, street_light
from stages.drawing.canvas import Plane
from stages.drawing.scenes import Pictures, Scenes, Task

DOMAINS = ("labels", "photo")
RENDERINGS = 64


def draw(scenes: Scenes, domain: str, resolution: int) -> Pictures:
    """uint8 [n, resolution, resolution, 3]; in batches that stay in the cache, which the result doesn't depend on."""
    pictures = np.empty((len(scenes), resolution, resolution, 3), np.uint8)
    batch = max(1, 2**15 // resolution**2)
    for start in range(0, len(scenes), batch):
        some = scenes.some(slice(start, start + batch))
        seen = street_layout.layout(some, resolution)
        if domain == "labels":
            pictures[start : start + batch] = street_classes.labelled(seen.ids)
        else:
            pictures[start : start + batch] = street_light.photo(seen, street_light.lights(some))
    return pictures


def bayes(scenes: Scenes, resolution: int) -> npt.NDArray[np.float64]:
    """Of each scene, the mean L1 (levels 0..1) of its photograph to the pixelwise median of RENDERINGS others."""
    errors = np.empty(len(scenes))
    for row in range(len(scenes)):
        one = scenes.some(slice(row, row + 1))
        seen = street_layout.layout(one, resolution)
        others = street_light.photo(seen.repeated(RENDERINGS), street_light.light(_other_lights(one)))
        mine = street_light.photo(seen, street_light.lights(one))[0]
        errors[row] = np.abs(mine - np.median(others, axis=0)).mean() / 255
    return errors


def _other_lights(scene: Scenes) -> Plane:
    """Draws that depend on the scene alone, and on nothing else of its split."""
    key = scene.traits[0, :2].view(np.uint64)
    return (
        np.random.Generator(np.random.Philox(key=key)).random((RENDERINGS, len(street_light.TRAITS))).astype(np.float32)
    )


def notes(scenes: Mapping[str, Scenes], resolution: int) -> dict[str, int | str]:
    """The palette, and what is left to chance: nobody can do better in L1 than the median over lights."""
    chance = {f"bayes_l1_{split}": f"{bayes(scenes[split], resolution).mean():.6f}" for split in ("validation", "test")}
    return {"palette": street_classes.palette(), **chance}


TASKS = {
    "labels2photo": Task(
        domains=DOMAINS, traits=street_layout.TRAITS + street_light.TRAITS, draw=draw, paired=True, notes=notes
    ),
}
