"""docs/reference/egress.md names every host that the code can ask, and who asks it."""

from __future__ import annotations

import ast
import re
import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from keyturn import flags, providers
from tests import pages
from tests.repo.source import MODULES, name_of
from tests.repo.test_dangerous_calls import modules, nodes
from tests.repo.test_layers import own
from tests.world import World

PAGE = "docs/reference/egress.md"
NETWORK = {
    "httpx",
    "requests",
    "urllib3",
    "socket",
    "ssl",
    "http.client",
    "urllib.request",
    "github",
}
ASKING = {"transport", "github.client", "github.failed_runs"}
"""What can open a connection. The sandbox's servers listen, on loopback."""
ASKING_NOBODY = {
    "github.answer": "the libraries' exceptions",
    "github.secret_writer": "PyGithub's sealed box",
    "commands.init": "the path in a file's address",
}

NAMED = {
    "json-schema.org": "the id of a schema",
    "docs.oasis-open.org": "the id of a schema",
    "github.com": "links; GITHUB_SERVER_URL's default; refused as an API's address",
    "www.github.com": "refused as an API's address",
    "metadata.google.internal": "refused as an address",
    "amazonaws.com": "the domain that STS is looked for in",
    "amazonaws.com.cn": "the domain that STS is looked for in",
    "docs.github.com": "looked for in logs",
    "docs.gitlab.com": "looked for in logs",
    "learn.microsoft.com": "looked for in logs",
    "docs.mend.io": "told to a person",
}
COMPARING = ("replacements", "first_setup")
"""What they name is compared with what a workflow publishes to, or told to a person."""
_HOST = re.compile(
    r"(?<![\w.@-])((?:[a-z0-9-]+\\?\.)+(?:com|org|io|net|internal|dev|cn|gov|eu|us))(?![\w-])"
)
_URL = re.compile(r"https?://([A-Za-z0-9.-]*[A-Za-z0-9])")


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / PAGE).read_text(encoding="utf-8")


def rows(page: str, heading: str) -> list[list[str]]:
    return pages.rows(pages.section(page, f"## {heading}"))


def hosts(page: str) -> set[str]:
    return {host for row in rows(page, "Hosts") for host in _HOST.findall(row[0])}


def texts(path: Path) -> Iterator[str]:
    """Every string of a module but those that stand alone: documentation."""
    alone = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


@cache
def named_in_code() -> dict[str, set[str]]:
    """Return each host, and the modules that name it."""
    found: dict[str, set[str]] = {}
    for path in MODULES:
        name = name_of(path)
        # Rows of token formats are told where they are documented; a scan asks nobody, see below.
        if name.startswith(("sandbox", "scan.tables")):
            continue
        for text in (each for each in texts(path) if "." in each):
            for host in (*_HOST.findall(text), *_URL.findall(text)):
                found.setdefault(host.replace("\\", ""), set()).add(name)
    return {host: m for host, m in found.items() if "." in host and not host.startswith("TENANT.")}


def only_compared() -> set[str]:
    return {
        host
        for host, names in named_in_code().items()
        if all(name.startswith(COMPARING) for name in names)
    }


def test_every_host_in_the_code_is_on_the_page_or_only_named(page: str) -> None:
    found = set(named_in_code())
    asked = hosts(page) - {"sts.us-east-1.amazonaws.com"}  # put together from the domain
    left = found - asked - only_compared()
    assert left == set(NAMED), f"a new one belongs on {PAGE}, or among NAMED with a reason"
    assert asked <= found


def test_what_only_compares_hosts_can_ask_nobody() -> None:
    for path in MODULES:
        if name_of(path).startswith(COMPARING):
            assert not own(path) & (ASKING | set(ASKING_NOBODY)), name_of(path)


def test_few_modules_can_open_a_connection() -> None:
    able = {
        name_of(path)
        for path in MODULES
        if NETWORK & {each.partition(".")[0] for each in modules(path)} or NETWORK & modules(path)
    }
    assert {name for name in able if not name.startswith("sandbox")} == ASKING | set(ASKING_NOBODY)


CAN_ASK = ("transport", "github", "providers", "commands")


def test_a_scan_can_ask_nobody() -> None:
    for path in MODULES:
        if name_of(path).startswith("scan"):
            assert not [name for name in own(path) if name.startswith(CAN_ASK)], name_of(path)


def test_the_default_of_each_provider_is_its_row(page: str) -> None:
    told: dict[str, set[str]] = {}
    for host, of, *_ in rows(page, "Hosts"):
        for name in re.findall(r"provider `([a-z0-9-]+)`", of):
            told.setdefault(name, set()).update(_HOST.findall(host))
    asking = set(providers.names()) - {"declared"}  # asks nobody
    assert set(told) == asking, f"each provider has its row on {PAGE}"
    for name in asking:
        url: Any = providers.load(name).options_model().model_fields["url"].default
        default = set(_URL.findall(url)) if isinstance(url, str) else set()
        assert default <= told[name], name
        assert bool(default) == bool(told[name]), name


def test_where_aws_keeps_its_two_services() -> None:
    from keyturn.providers._aws_options import Options

    assert Options().sts_url == "https://sts.us-east-1.amazonaws.com"
    assert Options.model_validate({"url": "https://aws.internal"}).sts_url == "https://aws.internal"


HEARTBEAT = "HEARTBEAT"
RUNS = {
    "check": ("check",),
    "inventory": ("inventory",),
    "inventory --provider": ("inventory", "--provider", "gitlab"),
    "rotate": ("rotate",),
    "recover --new-key": ("recover", "--new-key", "--output", "key"),
    "revoke": ("revoke", "release-gitlab"),
    "doctor": ("doctor",),
    "init": ("init",),
    "scan": ("scan", "."),
    "config check": ("config", "check"),
    "config schema": ("config", "schema"),
    "explain": ("explain", "expiring"),
    "completion": ("completion", "bash"),
}
"""`recover` asks as `rotate --apply` does: tests/commands/test_recover.py."""


def test_every_command_has_its_row(page: str) -> None:
    told = {row[0].strip("`") for row in rows(page, "Which command asks whom")}
    assert told == {*RUNS, "recover"}
    assert {name.split()[0] for name in told} | {"demo", "sandbox"} == set(flags.COMMANDS)


@pytest.mark.parametrize("name", RUNS)
def test_each_command_asks_whom_its_row_says(
    world: World, name: str, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = connections(monkeypatch)
    path = world.workspace / ".github/keyturn.yml"
    path.write_text(f"watch: {{ heartbeat: {HEARTBEAT} }}\n" + path.read_text())
    if name == "init":
        path.unlink()
        (world.workspace / ".github/workflows/keyturn.yml").unlink()
    monkeypatch.chdir(world.workspace)
    # A provider's server that no token of the example is of stands in for whoever watches.
    watcher = world.box.synoptic.server
    ran = world.run(*RUNS[name], **{HEARTBEAT: f"{watcher.url}/ping"})
    assert ran.code in (0, 1, 3)
    ports = {urlsplit(server.url).port for server in world.box.servers}
    assert called <= ports, "somebody was asked who is not in the sandbox"
    asked = {
        "GitHub": bool(ran.asked),
        "providers": bool(world.box.gitlab.server.exchanges),
        "heartbeat": bool(watcher.exchanges),
    }
    assert bool(called) == any(asked.values())
    (row,) = [row for row in rows(page, "Which command asks whom") if row[0] == f"`{name}`"]
    assert ["yes" if value else "no" for value in asked.values()] == row[1:]


def connections(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Note the port of whatever is connected to from now on."""
    called: set[int] = set()
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            called.add(address[1])
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    return called


@pytest.mark.parametrize(
    "started",
    [
        {"GITHUB_EVENT_NAME": "pull_request"},
        {"GITHUB_EVENT_NAME": "pull_request_review", "GITHUB_REF": "refs/pull/7/merge"},
    ],
    ids=lambda started: started["GITHUB_EVENT_NAME"],
)
def test_a_run_that_a_pull_request_started_asks_nobody(
    world: World, started: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called = connections(monkeypatch)
    monkeypatch.chdir(world.workspace)
    for words in (*RUNS.values(), ("revoke", "release-gitlab", "--apply", "--yes")):
        if words != ("init",):  # a person's own command; here everything is there already
            assert world.run(*words, **started).code in (0, 2), words
    assert called == set()


def test_no_package_index_is_written_out(page: str) -> None:
    indexes = only_compared() & {
        host for host, names in named_in_code().items() if "replacements.registries" in names
    }
    assert len(indexes) > 5
    assert not indexes & set(_HOST.findall(page))
