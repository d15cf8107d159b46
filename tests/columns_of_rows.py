"""What reports made by hand say of their columns: each with the metric it comes from and which side is better."""

from __future__ import annotations

from stages.measuring.columns import INPUT, PERFECT, Column, described

TRANSLATED = {
    "l1": "min", "l1_inside": "min", "l1_outside": "min", "psnr": "max", "ssim": "max", "l1_identity": "min",
    "accuracy_target": "max", "accuracy_kept": "max", "lpips_judge_truth": "min", "lpips_judge_teacher": "min",
    "fid_judge": "min", "fid_infinity_judge": "min", "kid_judge": "min", "kid_spread_judge": "",
    "precision_judge": "max", "recall_judge": "max",
}  # fmt: skip
DIRECTED = {**TRANSLATED, "gain": "max", "stray": "min", "l1_cycle": "min", "kept_colour": ""}
CLASSIFIED = {
    "error": "min", "accuracy": "max", "cross_entropy": "min", "f1": "max", "f1_weakest": "max", "auc": "max",
    "ece": "min", "subclass_ami": "max",
}  # fmt: skip
TITLES = {"l1": "exact error", "accuracy_target": "accuracy", "f1": "F1, mean"}


def of(names: dict[str, str]) -> dict[str, dict[str, str]]:
    """The columns as a report holds them."""
    return described(
        {
            name: ("measured", Column(better, "", TITLES.get(name, name), f"what {name} is"))  # type: ignore[arg-type]
            for name, better in names.items()
        }
    )


def of_all() -> dict[str, dict[str, str]]:
    """The columns of both kinds of row, and what references score in them."""
    own = of({**TRANSLATED, **CLASSIFIED})
    beside = {f"{prefix}{name}": {**each, "better": ""} for prefix in (INPUT, PERFECT) for name, each in own.items()}
    return {**own, **beside}


def dictionary(problems: dict[str, tuple[str, str]]) -> dict[str, object]:
    """The content of columns.json: all columns of both kinds of row; of each problem its examination and headline."""
    judged = {name: {"examination": one, "headline": other} for name, (one, other) in problems.items()}
    return {"columns": of_all(), "problems": judged}
