"""The example organization in a sandbox, and the real command line run against it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from keyturn.cli import main
from keyturn.sandbox import Sandbox, example
from keyturn.sandbox.example import Example


@dataclass(slots=True)
class Ran:
    """What one run left behind."""

    code: int
    out: str
    err: str
    outputs: dict[str, str]
    summary: str
    asked: list[str] = field(default_factory=list)
    """`METHOD path` of every request to GitHub."""

    @property
    def writes(self) -> list[str]:
        return [line for line in self.asked if not line.startswith("GET ")]

    @property
    def report(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    def token(self, id: str) -> dict[str, Any]:
        return next(token for token in self.report["tokens"] if token["id"] == id)

    def findings(self, subject: str) -> list[dict[str, Any]]:
        return [f for f in self.report["findings"] if f["subject"] == subject]

    def rules(self, subject: str) -> list[str]:
        return [finding["rule"] for finding in self.findings(subject)]


@dataclass(slots=True)
class World:
    """A sandbox, a checkout and a runner's environment."""

    example: Example
    folder: Path
    capsys: pytest.CaptureFixture[str]
    environ: dict[str, str]

    @property
    def box(self) -> Sandbox:
        return self.example.box

    @property
    def repository(self) -> Any:
        return self.box.github.repository(example.REPOSITORY)

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def write(self, path: str, text: str) -> None:
        target = self.workspace / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def run(self, *argv: str, **environ: str | None) -> Ran:
        """Run the command line in this process, at the sandbox's time."""
        world = {k: v for k, v in {**self.environ, **environ}.items() if v is not None}
        for name in ("output", "summary"):
            (self.folder / name).write_text("", encoding="utf-8")
        server = self.box.github.server
        before = len(server.exchanges)
        self.capsys.readouterr()
        code = main(list(argv), world, now=self.box.clock.now)
        printed = self.capsys.readouterr()
        return Ran(
            code,
            printed.out,
            printed.err,
            _read_outputs((self.folder / "output").read_text(encoding="utf-8")),
            (self.folder / "summary").read_text(encoding="utf-8"),
            [f"{e.request.method} {e.request.path}" for e in server.exchanges[before:]],
        )

    def check(self, *argv: str, **environ: str | None) -> Ran:
        return self.run("check", "--format", "json", *argv, **environ)


def _read_outputs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found


@contextmanager
def make_world(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    with Sandbox(example.NOW) as box:
        filled = example.fill(box)
        environ = {
            **filled.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": box.github.url,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": example.REPOSITORY,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_EVENT_NAME": "schedule",
            "GITHUB_WORKSPACE": str(folder / "workspace"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }
        world = World(filled, folder, capsys, environ)
        for path, text in filled.files.items():
            world.write(path, text)
        yield world
