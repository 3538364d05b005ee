"""`keyturn recover`: go on with rotations that were cut off, and make recovery keys.

A private key goes to a file that nobody else can read, and never to a terminal or a log.
"""

from __future__ import annotations

import argparse
import os

from keyturn.commands import rotate
from keyturn.errors import ExitCode, UsageError
from keyturn.report import publish
from keyturn.rotation.keys import RecoveryKey
from keyturn.settings import Settings


def run(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    """Make a key, or show what is unfinished and, with `--apply`, go on with it."""
    if arguments.new_key:
        return _make_key(settings, arguments)
    return rotate.recover(settings, arguments)


def _make_key(settings: Settings, arguments: argparse.Namespace) -> ExitCode:
    if len(arguments.output) != 1 or arguments.apply:
        raise UsageError(
            "--new-key writes the private key to one file, and never prints it",
            hint="name it: keyturn recover --new-key --output recovery.key",
        )
    path = settings.root / arguments.output[0]
    key = RecoveryKey.make()
    try:
        # Nothing that is there is written over: it may be the only copy of another key.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"--output {path}: {error.strerror or 'cannot be written'}") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(key.text.reveal() + "\n")
    publish.emit(f"recovery-public-key: {key.public.text}")
    publish.tell(
        f"The private key is in {path}. Store it as the secret KEYTURN_RECOVERY_KEY, keep a copy"
        " where a lost repository does not take it with it, and delete the file."
    )
    return ExitCode.OK
