"""What every stage shares; no science."""
