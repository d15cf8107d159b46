"""Figures of the paper: one kind per file, each drawn from results alone; `style` is the look of all of them."""
