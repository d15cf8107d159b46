"""How networks are judged: one metric per file, each with COLUMNS (name -> direction, unit) and pure functions."""
