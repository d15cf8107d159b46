"""Pieces that two or more of the other packages share."""
