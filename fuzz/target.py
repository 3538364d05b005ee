"""Fuzz what one module says must hold: what `fuzz.run` starts, a process for each target.

python -m fuzz.target fuzz.properties.NAME [OPTIONS of libFuzzer] CORPUS
"""

from __future__ import annotations

import sys
from importlib import import_module

import atheris

if __name__ == "__main__":
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["keyturn"]):
        target = import_module(name)
        for seed in target.seeds():  # what is imported late is instrumented too
            target.check(seed)
    atheris.Setup(sys.argv, target.check)
    atheris.Fuzz()
