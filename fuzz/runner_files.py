"""Fuzz what the runner and issues are given; what must hold is in `properties/runner_files.py`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["keyturn"]):
    from fuzz.properties import runner_files as target

    for seed in target.seeds():  # what is imported late is instrumented too
        target.check(seed)

if __name__ == "__main__":
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()
