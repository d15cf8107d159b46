"""What is measured: one metric per file, with NEEDS (what it is given), COLUMNS (what they mean) and `measure`."""
