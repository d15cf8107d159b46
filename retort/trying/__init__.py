"""Exported networks tried on pictures of a person's own, without torch."""
