"""Rotation: the only part of keyturn that remembers what it did.

Nothing here talks to GitHub or to a provider but through `keyturn.interfaces`.
"""
