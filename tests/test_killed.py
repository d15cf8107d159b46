"""Workers and drivers that are killed in the middle of trainings change no bit of what is trained."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests import killing
from tests.cloned import clone, made, retort


def test_killed_workers_and_drivers_change_no_bit_of_what_is_trained(tmp_path: Path) -> None:
    worker, driver, undisturbed = tmp_path / "worker", tmp_path / "driver", clone(tmp_path / "undisturbed")
    file = undisturbed / "params.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("{steps: 6,", "{steps: 150,"), encoding="utf-8")
    retort(undisturbed, "repro", "acquire_data@avatars")
    for folder in (worker, driver):
        shutil.copytree(undisturbed, folder, symlinks=True)
    retort(undisturbed, "repro", "build_teachers@set1")
    for folder, kills in ((worker, 2), (driver, 1)):
        assert killing.kill(folder, folder.name, kills, seed=0, targets=("build_teachers@set1",)) == (kills, 0)
        assert made(folder) == made(undisturbed)
        assert (folder / "dvc.lock").read_bytes() == (undisturbed / "dvc.lock").read_bytes()
        log = (folder / ".retort" / "logs" / "build_teachers@set1.log").read_text(encoding="utf-8")
        assert "continuing at step" in log
