"""Exported networks in a person's folder: which rows there are, where files come from, how they are run."""
