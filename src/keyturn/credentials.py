"""The values that environment variables give to this run, each made a `SecretValue` at once.

Which variables are read is what the configuration names; nothing here sends anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from keyturn.errors import CredentialMissing
from keyturn.secret_value import MASK, SecretValue


class Credentials:
    """Reads named variables of the environment that the process was started with."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def find(self, variable: str) -> SecretValue | None:
        """Return the value, one trailing newline taken off; None where unset, empty or `***`."""
        value = self._environ.get(variable, "").removesuffix("\n").removesuffix("\r")
        return None if value.strip() in ("", MASK) else SecretValue(value)

    def get(self, variables: Mapping[str, str]) -> dict[str, SecretValue]:
        """Return part -> value for every named variable. Raises CredentialMissing, naming all."""
        found = {part: self.find(variable) for part, variable in variables.items()}
        missing = sorted(variables[part] for part, value in found.items() if value is None)
        if missing:
            names = ", ".join(missing)
            raise CredentialMissing(
                f"{names} is unset, empty or masked in this run",
                hint=f"give the step `env:` {names}: ${{{{ secrets.{missing[0]} }}}}",
            )
        return {part: value for part, value in found.items() if value is not None}
