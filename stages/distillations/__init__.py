"""What a student is taught: one objective per file."""
