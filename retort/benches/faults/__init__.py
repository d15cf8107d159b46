"""Faults, measured: a run that is killed again and again, and files that are damaged before they are read."""
