"""Prepared data sets: written, read, and exported in the layouts that others read."""
