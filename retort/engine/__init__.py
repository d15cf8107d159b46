"""DVC's graph: what is stale and why, and the processes that bring it up to date."""
