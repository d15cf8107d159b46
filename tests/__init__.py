"""Properties with fixed seeds; the files mirror those of stages."""
