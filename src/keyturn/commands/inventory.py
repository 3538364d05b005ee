"""`keyturn inventory`: stored secrets, where they are used and what is declared.

Asks GitHub for names and dates, and no provider for anything.
"""

from __future__ import annotations

import argparse

from keyturn.commands import wiring
from keyturn.errors import ExitCode
from keyturn.model import Survey
from keyturn.redaction import without_values
from keyturn.report import inventory_text, publish
from keyturn.settings import Settings
from keyturn.survey import take_inventory


def run(settings: Settings, _arguments: argparse.Namespace) -> ExitCode:
    """Print the inventory; exit 3 where GitHub did not answer."""
    publish.require_writable(settings)
    settings = wiring.with_repository(settings)
    repository = settings.repository
    config = wiring.load_config(settings)
    world = wiring.make(settings, wiring.connect(settings))
    inventory = take_inventory(config, world, repository=repository, now=settings.now)
    failures = (*inventory.failures, *inventory.uses.failures)
    survey = without_values(Survey(repository, settings.now, inventory, failures=failures))
    incomplete = any(failure.kind.incomplete for failure in failures)
    code = ExitCode.INCOMPLETE if incomplete else ExitCode.OK
    publish.report(
        survey, settings, code, config_path=config.path, as_text=inventory_text.render_inventory
    )
    return code
