"""What must hold for any bytes: one module for each target.

`check` raises for bytes that break it; `seeds` are where the fuzzer begins, and `words` what it
puts in; a target that picks by number has none. Nothing here knows atheris.
"""

from __future__ import annotations

from keyturn import secret_value


def forget_values() -> None:
    """Begin as a new process would: what is masked grows with every value, and slows the next."""
    secret_value._registry = type(secret_value._registry)()
