"""Fuzz the configuration; what must hold is in `properties/config.py`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["keyturn"]):
    from fuzz.properties import config as target

    for seed in target.seeds():  # what is imported late is instrumented too
        target.check(seed)

if __name__ == "__main__":
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()
