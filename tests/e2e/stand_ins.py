"""What stands in for the actions of others, which have no source here: a server on loopback.

The actions in `actions/` ask it. It makes tokens with the rights that were asked for and no others,
keeps artifacts, and takes only what code scanning would take. It knows nothing of keyturn.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from keyturn.sandbox import GitHub

CLIENT_ID = "Iv23sandbox"
_RENAMED = {"actions_variables": "variables"}
"""What the sandbox calls it, where that is another word."""


class Refused(Exception):
    """The real action, or GitHub behind it, would refuse this."""


class StandIns:
    """Serves from `with` on until it ends."""

    def __init__(self, github: GitHub, *, granted: Iterable[str] | None = None) -> None:
        self.github = github
        self.private_key = "key-" + secrets.token_hex(20)
        """What the workflow must present as the App's."""
        self.granted = None if granted is None else set(granted)
        """What the App may do, as `area:level`; None: whatever is asked for."""
        self.made: list[dict[str, Any]] = []
        """Permissions and repositories of every token that was made."""
        self.values: list[str] = []
        self.artifacts: dict[str, bytes] = {}
        self.sarif: dict[str, dict[str, Any]] = {}
        """Category -> what was uploaded."""
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def make_token(self, asked: dict[str, Any]) -> str:
        """Return a new token of the sandbox. Raises Refused."""
        inputs = asked["inputs"]
        if inputs.get("client-id") != CLIENT_ID or inputs.get("private-key") != self.private_key:
            raise Refused("that is not this App, or not its key")
        areas = set()
        for name, level in inputs.items():
            if name.startswith("permission-"):
                area = name.removeprefix("permission-").replace("-", "_")
                areas.add(f"{_RENAMED.get(area, area)}:{level}")
        if not areas:
            raise Refused("an example asks for all that the App may do")
        if self.granted is not None and areas - self.granted:
            raise Refused("The permissions requested are not granted to this installation.")
        repositories = _repositories(inputs, asked["repository"])
        value = "ghs_" + secrets.token_hex(18)
        self.github.add_token(
            value, permissions=areas, repositories=repositories, login="keyturn[bot]"
        )
        self.made.append({"permissions": areas, "repositories": repositories})
        self.values.append(value)
        return value

    def take_sarif(self, category: str, data: bytes) -> None:
        """Keep an upload. Raises Refused."""
        try:
            log = json.loads(data)
            runs = log["runs"]
            placed = [bool(result["locations"]) for run in runs for result in run["results"]]
            named = [run["tool"]["driver"]["name"] for run in runs]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused("that is no SARIF file") from error
        # GitHub docs, "SARIF support for code scanning", 2026-11.
        if log.get("version") != "2.1.0" or not named or not all(placed):
            raise Refused("code scanning takes SARIF 2.1.0, in which every result has a place")
        self.sarif[category] = log


def _repositories(inputs: dict[str, str], own: str) -> list[str] | None:
    """Return what the token is for: None is all that the App is installed on."""
    # README of actions/create-github-app-token, 2026-11: with neither it is the workflow's own
    # repository; with `owner` alone, all of the installation.
    owner = inputs.get("owner", own.partition("/")[0])
    named = [name.strip() for name in inputs.get("repositories", "").replace(",", "\n").split("\n")]
    full = [f"{owner}/{name}" for name in named if name]
    return full or (None if "owner" in inputs else [own])


def _handler(served: StandIns) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

        def do_POST(self) -> None:
            self._answer(lambda body: served.make_token(json.loads(body)).encode())

        def do_PUT(self) -> None:
            kind, _, name = self.path.strip("/").partition("/")

            def keep(body: bytes) -> bytes:
                if kind == "sarif":
                    served.take_sarif(name, body)
                else:
                    served.artifacts[name] = body
                return b""

            self._answer(keep)

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            self._answer(lambda _body: served.artifacts[name])

        def _answer(self, act: Any) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, answer = 200, act(body)
            except (Refused, KeyError) as error:
                status, answer = 422, str(error).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    return Handler
