"""`keyturn config`: say whether the configuration is right, or print its JSON Schema.

Asks nobody: whether a token or a secret exists is for `check` and `inventory` to say.
"""

from __future__ import annotations

import argparse
import json

from keyturn import providers
from keyturn.commands import wiring
from keyturn.config import PLACES, json_schema
from keyturn.errors import ExitCode, UsageError
from keyturn.report import publish
from keyturn.settings import Settings


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Print the verdict or the schema. Raises ConfigError with every problem."""
    publish.emit(schema() if arguments.action == "schema" else check(settings))
    return ExitCode.OK


def check(settings: Settings) -> str:
    """Return one line about a good configuration. Raises ConfigError, or UsageError for none."""
    config = wiring.load_config(settings)
    if config.path is None:
        raise UsageError(
            f"there is no configuration: neither {' nor '.join(PLACES)}",
            hint="write one, or name it with --config",
        )
    secrets = sum(len(token.secrets) for token in config.tokens)
    return f"{config.path}: good; tokens declared: {len(config.tokens)}, secrets: {secrets}\n"


def schema() -> str:
    """Return the JSON Schema of the configuration, as it is kept in docs/reference."""
    return json.dumps(json_schema.build(providers), indent=2, ensure_ascii=False) + "\n"
