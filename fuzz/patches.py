"""Fuzz the patches to workflows; what must hold is in `properties/patches.py`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["keyturn"]):
    from fuzz.properties import patches as target

    for seed in target.seeds():  # what is imported late is instrumented too
        target.check(seed)

if __name__ == "__main__":
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()
