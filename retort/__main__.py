"""`python -m retort` is the `retort` command."""

from retort.commands import app

if __name__ == "__main__":
    app()
