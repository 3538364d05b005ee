"""Places outside GitHub that hold a copy of a token and must be told of a new one.

Nothing here decides that something is rotated, nor makes or ends a token.
"""
