"""How data sets come into the one format: what readers share, and the writing, whole or not at all."""
