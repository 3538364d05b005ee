"""Stand-ins for foreign command lines that want an account: they take what is documented, no more.

They reach nobody. What they print is what the test has told them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Use:
    """One documented way to call a tool."""

    words: tuple[str, ...]
    """The words of the command; a word in capitals stands for any."""
    flags: tuple[str, ...] = ()
    """Flags; each takes one value."""
    prints: str = ""
    """The variable whose value it prints."""


USES = {
    # The GitHub CLI's manual, 2026-11: https://cli.github.com/manual/gh_secret_set,
    # https://cli.github.com/manual/gh_attestation_verify and, of `auth refresh`,
    # https://man.archlinux.org/man/gh-auth-refresh.1.en. UNCONFIRMED: the pages of `auth token` and
    # `label create` were not found.
    "gh": (
        Use(("secret", "set", "NAME"), ("--app", "--env", "--org", "--repo", "--visibility")),
        Use(("auth", "refresh"), ("--scopes",)),
        Use(("auth", "token"), prints="GITHUB_TOKEN"),
        Use(("attestation", "verify", "NAME"), ("--repo", "--signer-workflow", "--predicate-type")),
        Use(("label", "create", "NAME"), ("--repo",)),
        # https://cli.github.com/manual/gh_attestation_verify
        Use(
            ("attestation", "verify", "oci://ghcr.io/keyturn/keyturn@sha256:DIGEST"),
            ("--repo", "--signer-workflow"),
        ),
    ),
    # UNCONFIRMED at Microsoft's own pages; with these flags in many public repositories, 2026-11.
    "az": (
        Use(("login",)),
        Use(
            ("account", "get-access-token"),
            ("--resource", "--query", "-o"),
            prints="AZURE_DEVOPS_ENTRA",
        ),
    ),
}


def install(folder: Path, *, told: Path, root: Path) -> None:
    """Put a script for each tool into a folder of the PATH; `told` holds what they print."""
    for tool in USES:
        script = folder / tool
        script.write_text(
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\n"
            "from tests.repo.shown.stand_ins import answer\n"
            f"sys.exit(answer({tool!r}, sys.argv[1:], {str(told)!r}))\n",
            encoding="utf-8",
        )
        script.chmod(0o755)


def answer(tool: str, argv: Sequence[str], told: str) -> int:
    """Do as the tool would do with an account; 2 for a call that no page describes."""
    use = next((use for use in USES[tool] if _fits(use, argv)), None)
    if use is None:
        print(f"{tool}: no page describes this call: {' '.join(argv)}", file=sys.stderr)
        return 2
    if use.prints:
        print((Path(told) / use.prints).read_text(encoding="utf-8"))
    return 0


def _fits(use: Use, argv: Sequence[str]) -> bool:
    words, flags = argv[: len(use.words)], argv[len(use.words) :]
    return (
        len(words) == len(use.words)
        and all(
            said == word or (word.isupper() and not said.startswith("-"))
            for said, word in zip(words, use.words, strict=True)
        )
        and len(flags) % 2 == 0
        and all(flag in use.flags for flag in flags[::2])
    )
