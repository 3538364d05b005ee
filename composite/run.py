"""The action without a container: installs keyturn beside the job, and runs it with the inputs.

Standard library only, by the Python that the action set up. It reads nothing of the workspace, and
lets pip see nothing of the job but what an installation needs.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The action's own checkout."""

_INPUTS = "KEYTURN_INPUTS"
_PIP = ("-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input")
_INCOMPLETE = 3
"""As `keyturn` says it."""

_FOR_PIP = frozenset(
    (
        *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP"),
        *("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE", "PIP_CERT", "PIP_PROXY"),
        # Windows starts nothing without the first two.
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE"),
        *("APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
    )
)


def main(environ: Mapping[str, str]) -> None:
    """Install once a job, then become keyturn."""
    place = place_of(ROOT, environ)
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = place / "installed"
    if not done.exists():
        _install(place, python, for_pip(environ))
        done.touch()
    command = [str(python), "-I", "-u", "-m", "keyturn"]
    if os.name == "nt":
        # There, whoever waits for a process that becomes another one takes it for ended.
        sys.exit(subprocess.call(command, env=with_inputs(environ)))
    os.execve(command[0], command, with_inputs(environ))


def with_inputs(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment as a container action has it: INPUT_* by name, and the token.

    A GITHUB_TOKEN in the step's own `env:` wins.
    """
    inputs: dict[str, str] = json.loads(environ[_INPUTS])
    rest = {name: value for name, value in environ.items() if name != _INPUTS}
    named = {f"INPUT_{name.upper()}": value for name, value in inputs.items()}
    return {"GITHUB_TOKEN": inputs["token"]} | rest | named


def for_pip(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what an installation needs: no token, no secret and no input is in it."""
    return {name: value for name, value in environ.items() if name.upper() in _FOR_PIP}


def place_of(root: Path, environ: Mapping[str, str]) -> Path:
    """Return where keyturn is installed: gone with the job, and another one for each version."""
    version = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    return Path(environ["RUNNER_TEMP"]) / f"keyturn-{version}"


def _install(place: Path, python: Path, environ: Mapping[str, str]) -> None:
    """Make an environment with the locked packages, none of them built here, and keyturn."""
    locks = [
        f"--requirement={ROOT / name}" for name in ("requirements-build.lock", "requirements.lock")
    ]
    for command in (
        [sys.executable, "-I", "-m", "venv", "--clear", str(place)],
        [str(python), *_PIP, "--require-hashes", "--only-binary=:all:", *locks],
        [str(python), *_PIP, "--no-deps", "--no-build-isolation", str(ROOT)],
    ):
        if subprocess.call(command, env=environ):
            print("keyturn: could not be installed; what stands above says why", file=sys.stderr)
            print("  hint: it needs Python 3.11 or later and the package index", file=sys.stderr)
            sys.exit(_INCOMPLETE)


if __name__ == "__main__":
    main(os.environ)
