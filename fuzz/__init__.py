"""Fuzzing of what reads untrusted text: a target is a module of `properties`, run by `fuzz.run`.

The tests run every target over its seeds, without atheris.
"""
