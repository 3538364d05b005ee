"""Fuzz TODO; what must hold is in `properties/scan_rows.py`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["keyturn"]):
    from fuzz.properties import scan_rows as target

    for seed in target.seeds():  # what is imported late is instrumented too
        target.check(seed)

if __name__ == "__main__":
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()
