"""PURE: the text of a first workflow that runs `keyturn check` on a schedule.

It asks for the least rights that keep issues true, and uses nothing that is not there yet, such as
a GitHub App.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from keyturn.first_setup.configuration import scalar

_TEXT = """\
# keyturn checks every token that this repository's CI depends on, twice a week, and keeps one issue
# per token that needs somebody. `keyturn init` wrote it.
#
# The workflow's own token cannot see which secrets are stored. With a GitHub App's token keyturn
# does: its documentation, "Give keyturn a GitHub App".
name: keyturn
on:
  schedule:
    # An odd minute: runs at the full hour are late or dropped when GitHub is busy. In UTC, unless a
    # line below it says `timezone: Europe/Berlin`.
    - cron: "%(minute)d 6 * * 1,4"
  workflow_dispatch:

permissions: {}

concurrency:
  group: keyturn
  cancel-in-progress: false

jobs:
  check:
    name: check tokens
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read # the configuration and the workflow files
      issues: write # one for each token that needs somebody
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
        with:
          persist-credentials: false
      - uses: %(action)s
"""
_GIVEN = """\
        env:
          # keyturn asks the issuers of these tokens with the tokens themselves, and no one else.
"""


def render_workflow(repository: str, *, action: str, variables: Sequence[str]) -> str:
    """Return the file's text; `variables` are the secrets that keyturn is given."""
    text = _TEXT % {"minute": find_minute(repository), "action": action}
    if variables:
        lines = [f"          {scalar(name)}: ${{{{ secrets.{name} }}}}\n" for name in variables]
        text += _GIVEN + "".join(lines)
    return text


def find_minute(repository: str) -> int:
    """Return an odd minute, always the same for a repository and spread over many of them."""
    digest = hashlib.sha256(repository.lower().encode()).digest()
    return 2 * (digest[0] % 30) + 1
