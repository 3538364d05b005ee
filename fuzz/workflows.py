"""Fuzz the reader of workflows; what must hold is in `properties/workflows.py`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["keyturn"]):
    from fuzz.properties import workflows as target

    for seed in target.seeds():  # what is imported late is instrumented too
        target.check(seed)

if __name__ == "__main__":
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()
