"""Timing: networks, our training loop and our metrics beside the published programs."""
