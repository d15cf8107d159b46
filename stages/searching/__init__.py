"""Choosing a student's structure: weights shared by slices, spaces of widths, and whether rankings can be trusted."""
