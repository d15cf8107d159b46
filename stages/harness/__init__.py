"""What stages and commands share, in packages by what it is for; no science."""
