"""The `retort` command and everything around the pipeline: checking, running, verifying and passing results on."""
