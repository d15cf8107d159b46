"""Whether results are the published ones, follow from what was measured, and say what is claimed."""
