"""Timing: networks, our training loop, our metrics and `retort repro` beside the programs of others."""
