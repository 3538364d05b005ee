"""What the pages leave unsaid: what has to be there for a command, and how the command ends.

Keyed by the page and by the command as it is written, so that blocks may be moved about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random

import yaml

from tests.repo.shown.names import REPOSITORY
from tests.repo.shown.pages import ROOT
from tests.repo.shown.place import CONFIG, Place
from tests.scan.corpus.sample import ALNUM, draw

WORDS = (
    (r" \[[A-Z]+( ?…)?\]", ""),
    (r" (\w+)(\|\w+)+$", r" \1"),
    (r"\bCOMMAND\b", "check"),
    (r"\bTOKEN\b…?", "release-gitlab"),
    (r"^keyturn revoke …", "keyturn revoke release-gitlab"),
    (r"\bFILE\b…?", "deploy.sh"),
    (r"\bRULE\b", "expiring"),
    (r"--provider NAME\b", "--provider gitlab"),
    (r"^export GITHUB_TOKEN=…", "export GITHUB_TOKEN=$(gh auth token)"),
    # 300 MB otherwise.
    (r"^\.venv/bin/python -c", f"PYTHONPATH={ROOT} python -c"),
    (r"/tmp/corpus\b", "corpus"),
    (r"list\(cases\(\)\)", "[case for case, _ in zip(cases(), range(3))]"),
)
"""What a reader writes for a word that stands for another one."""

NOT_RUN = {
    "keyturn demo": "takes seconds; tests/commands/test_demo.py runs it",
    "keyturn sandbox": "serves until it is stopped; tests/commands/test_demo.py runs it",
    "pip install": "is named for what comes after it, a folder or an address",
    "git clone": "is named for what comes after it, an address",
    "git apply": "is given a patch; tests/rules/test_replaceable.py applies them",
    "python -I -u": "is how the image starts; tests/e2e/test_image.py looks at that",
    "python -m bench.scan": "takes 20 minutes",
    ".venv/bin/python -m bench.scan staged tree recall false-positives": "takes 20 minutes",
    ".venv/bin/python -m tests.repo.rules_page": "writes a page; tests/repo/test_docs.py tries it",
}
"""Commands that no test here can run, and why."""


def written_out(text: str) -> str:
    """Put something in the place of each word that stands for another one."""
    for word, instead in WORDS:
        text = re.sub(word, instead, text)
    return text


def _leak(place: Place) -> None:
    """A token stands in a tracked file, another one beside a marker, and a third is staged."""
    if (place.checkout / "leak.sh").exists():
        return
    values = ["gl" + "pat-" + draw(Random(seed), ALNUM, 20) for seed in (11, 12, 13)]
    place.write("leak.sh", f"export A={values[0]}\n")
    place.write("sample.sh", f"export B={values[1]}  # keyturn: allow[gitlab-pat] a sample\n")
    place.git("add", "-A")
    place.git("checkout", "-q", "-b", "work")
    place.git("commit", "-q", "-m", "oops")
    place.write("deploy.sh", f"export C={values[2]}\n")
    place.git("add", "deploy.sh")


def _found(place: Place) -> None:
    """A scan has found a leak, and written down where."""
    _leak(place)
    assert place.run("scan", "--output", "json=leaks.json").code == 1


def _guarded(place: Place) -> None:
    """A leak is staged, and the hook keeps it from being committed."""
    _leak(place)
    hook = {"id": "keyturn", "name": "keyturn", "language": "system", "entry": "keyturn-scan"}
    config = {"repos": [{"repo": "local", "hooks": [hook]}]}
    place.write(".pre-commit-config.yaml", yaml.safe_dump(config))
    place.git("add", ".pre-commit-config.yaml")
    refused = place.bash(["pre-commit install", "git commit"])
    assert [done.code for done in refused] == [0, 1], refused
    assert "deploy.sh:1:10: gitlab-pat" in refused[1].said


def _nothing_set_up(place: Place) -> None:
    (place.checkout / CONFIG).unlink()


def _key_file(place: Place) -> None:
    text = place.environ.pop("KEYTURN_RECOVERY_KEY")
    (place.checkout / "recovery.key").write_text(text, encoding="utf-8")


def _draining(place: Place) -> None:
    """A rotation is under way, and waits."""
    begun = place.run("rotate", "--apply", "--now")
    assert "draining" in begun.out, begun.said


def _stopped(place: Place) -> None:
    """A rotation needs a person: somebody wrote its secrets while it drained."""
    _draining(place)
    place.wait()
    repository = place.box.github.repository(REPOSITORY)
    for name in place.names.stored:
        repository.put_secret(name, repository.secret_value(name))
    stopped = place.run("rotate", "--apply")
    assert "needs-human" in stopped.out, stopped.said


def _window(place: Place) -> None:
    """The window of the page's configuration is open."""
    place.box.clock.advance(timedelta(hours=1))


def _holidays(place: Place) -> None:
    """Five tokens: one is dead before the freeze, one dies in it."""
    ends = {
        "packages": "2026-12-01",
        "feed": "2026-12-28",
        **dict.fromkeys(("mirror", "metrics", "mail"), "2027-06-01"),
    }
    tokens = [
        {"id": id, "provider": "declared", "expires": end, "secrets": [id.upper()]}
        for id, end in ends.items()
    ]
    place.configure(yaml.safe_dump({"tokens": tokens}))


PREPARED: tuple[tuple[str, Callable[[Place], None]], ...] = (
    (r"plan-a-freeze.md: keyturn check --at 2026-12-20", _holidays),
    (r"rotate-a-token.md: keyturn rotate$", _window),
    (r": SKIP=keyturn git commit", _guarded),
    (r": keyturn revoke --leaks", _found),
    (r": (keyturn[- ]scan|git restore|git commit)", _leak),
    (r": keyturn init", _nothing_set_up),
    (r"\bcat recovery\.key", _key_file),
    (r": keyturn recover( --apply| --format json)?$", _draining),
    (r": keyturn recover --apply .", _stopped),
)
"""What has to be there before `PAGE: COMMAND`; the first that fits."""

ENDS: tuple[tuple[str, int], ...] = (
    # They name a command whose arguments the sentence gives in words.
    (r": keyturn (revoke|explain|config|completion|recover --apply --abandon)$", 2),
    # Both of the user's slots are taken, and the value that was overwritten is kept nowhere.
    (r": keyturn recover --apply deploy-key", 4),
    # Tokens are dead by then.
    (r": keyturn check --at ", 1),
    # No workflow here starts keyturn by the clock.
    (r": keyturn doctor", 1),
    (r": keyturn[- ]scan .*--write-baseline", 0),
    (r": keyturn[- ]scan", 1),
)
"""How commands end that do not end with 0; the first that fits."""


def prepare(place: Place, page: str, commands: Sequence[str]) -> None:
    """Bring about what the commands need, each thing once."""
    needed = [
        next((make for fits, make in PREPARED if re.search(fits, f"{page}: {command}")), None)
        for command in commands
    ]
    for bring_about in dict.fromkeys(filter(None, needed)):
        bring_about(place)


def ending(page: str, command: str) -> int:
    """Return the exit code that the command is to have."""
    return next((code for fits, code in ENDS if re.search(fits, f"{page}: {command}")), 0)
