"""Fuzzing of what reads untrusted text: one target a file, started by `fuzz.run`.

What must hold is in `properties`, which the tests run over the seeds without atheris.
"""
