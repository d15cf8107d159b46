"""Params of digits told apart by halves: a sweep of classifiers, and nothing that translates."""

from __future__ import annotations

from typing import Any

Content = dict[str, Any]

SCHEDULE = {
    "steps": 8, "batch": 32, "learning_rate": 0.01, "critic_learning_rate": 0.01, "betas": [0.9, 0.999],
    "decay_from": 0.5, "decay": "linear", "average": 0.0, "flip": False,
}  # fmt: skip
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SOFT = {"generator": "soft_labels", "discriminator": "none"}
SHARED = {
    "teacher": "big", "family": "classifier", "dataset": "numbers", "partner": "numbers",
    "examination": "classification", "compression": "resize", "student": {"network": "perceptron"},
    "distill": {"generator": "none", "discriminator": "none"},
    "pace": {"generator": "constant", "discriminator": "constant"}, "play": {}, "schedule": "brief",
    "seeds": [0, 1], "problem": "halves", "thesis": "no KD",
}  # fmt: skip
TEACHER = {"compression": "none", "student": {}, "schedule": "still", "seeds": [0], "thesis": "teacher"}
POINTS = {
    "teacher": TEACHER,
    "none": {},
    "kd": {"distill": SOFT, "thesis": "KD", "grid": {"alpha": [0.5, 1], "temperature": [1, 4]}},
}
ROWS = [
    "halves/teacher",
    "halves/none",
    "halves/kd-alpha0.5-temperature1",
    "halves/kd-alpha0.5-temperature4",
    "halves/kd-alpha1-temperature1",
    "halves/kd-alpha1-temperature4",
]


def added(content: Content) -> Content:
    """Other params with the sweep and what it needs."""
    spec = {"network": "convolutional", "filters": 4, "dense": 16, "hidden": 8, "merge": 5, "subclasses": 5}
    big = {
        "family": "classifier", "dataset": "numbers", "partner": "numbers", "labels": NAMES, "partner_labels": [],
        "spec": spec, "losses": {"apart": 0.5}, "play": {}, "schedule": "brief", "seed": 0,
    }  # fmt: skip
    numbers = {"dataset": "digits", "resolution": 8, "settings": {"validation": 100, "test": 300, "seed": 0}}
    judge = {"dataset": "numbers", "width": 8, "steps": 4, "batch": 8, "learning_rate": 0.002, "seed": 0}
    metrics: Content = {"classification": {}, "calibration": {}, "subclasses": {}}
    ruled = {"batch": 16, "resamples": 100, "seed": 0, "metrics": metrics}
    return {
        **content,
        "datasets": {**content["datasets"], "numbers": numbers},
        "judges": {**content["judges"], "numbers": judge},
        "schedules": {**content["schedules"], "brief": SCHEDULE, "still": {**SCHEDULE, "steps": 0}},
        "teachers": {**content["teachers"], "big": big},
        "sweeps": {"halves": {**SHARED, "points": POINTS}},
        "evaluation": {**content["evaluation"], "classification": ruled},
    }
