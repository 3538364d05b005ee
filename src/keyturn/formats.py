"""What a report may look like, by name; nothing else, so that `--help` loads nothing else."""

from __future__ import annotations

FORMATS = ("text", "json", "markdown", "sarif")
