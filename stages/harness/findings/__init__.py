"""What was found, row by row: read, refused where it is no number, compared, and its columns."""
