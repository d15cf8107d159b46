"""`python -m retort` is the `retort` command."""

from retort.commands import app

app()
