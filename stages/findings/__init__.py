"""What was found, row by row: read, refused where it is not finite, compared, and what its columns mean."""
