"""keyturn: says which CI token breaks which job, and when, before it happens."""

__version__ = "0.1.0"
