"""Lets `python -m keyturn` do what the `keyturn` command does."""

from keyturn.cli import run

if __name__ == "__main__":
    run()
