"""Networks as files that run elsewhere: their doors, their conversion, less precise ones, and how they compare."""
