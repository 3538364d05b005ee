"""Judges exchanges by a published API description: what we send, and what the sandbox answers.

It knows nothing of any API beyond its description and the list in `undescribed.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from openapi_core import Config, OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from keyturn.sandbox.server import Exchange, Response
from tests.conformance.undescribed import CALLS, ERROR_KEYS, EVERYWHERE, Undescribed

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SLASHED = ("path", "ref")
"""Parameters that may hold slashes, where they end a path."""
COMPOSITIONS = ("allOf", "anyOf")


@dataclass(frozen=True, slots=True)
class _Operation:
    """One method of one path of a description."""

    template: str
    pattern: re.Pattern[str]
    method: str
    described: Mapping[str, Any]
    parameters: Sequence[Mapping[str, Any]]


class Oracle:
    """One description. `aliases` are (pattern, replacement) pairs for paths it knows by another."""

    def __init__(
        self,
        spec_path: Path,
        server_prefix: str = "",
        *,
        aliases: Sequence[tuple[str, str]] = (),
        undescribed: Sequence[Undescribed] = CALLS,
    ) -> None:
        self._spec = json.loads(spec_path.read_text(encoding="utf-8"))
        _mend(self._spec)
        self._prefix = server_prefix
        self._aliases = aliases
        self._undescribed = undescribed
        self._host = self._spec["servers"][0]["url"]
        # The document itself is not in question, and checking a large one takes 17 seconds.
        self._api = OpenAPI.from_dict(self._spec, config=Config(spec_validator_cls=None))
        self._operations = sorted(self._read_operations(), key=lambda o: o.template.count("{"))

    def check(self, exchange: Exchange) -> list[str]:
        """Return every way in which an exchange departs from the description."""
        request, response = exchange.request, exchange.response
        path = request.path.removeprefix(self._prefix)
        for pattern, replacement in self._aliases:
            path = re.sub(pattern, replacement, path)
        entries = [entry for entry in self._undescribed if entry.matches(request.method, path)]
        if any(not entry.statuses for entry in entries):
            return []
        line = f"{request.method} {path} -> {response.status}"
        operation = self._find(request.method, path)
        if operation is None:
            return [f"{line}: no such operation"]
        asked = self._request(exchange, operation, path)
        found = self._judge_request(exchange, operation, asked)
        if not any(response.status in entry.statuses for entry in entries):
            found += self._judge_response(response, operation, asked)
        return [f"{line}: {problem}" for problem in found]

    def _read_operations(self) -> Iterable[_Operation]:
        for template, item in self._spec["paths"].items():
            pattern = re.compile(
                re.sub(
                    r"\\{(\w+)\\}($)?",
                    lambda part: "(.+)" if part[2] == "" and part[1] in SLASHED else "([^/]+)",
                    re.escape(template),
                )
            )
            for method in METHODS:
                described = item.get(method.lower())
                if described is not None:
                    named = [*item.get("parameters", ()), *described.get("parameters", ())]
                    parameters = [self._resolve(parameter) for parameter in named]
                    yield _Operation(template, pattern, method, described, parameters)

    def _find(self, method: str, path: str) -> _Operation | None:
        for operation in self._operations:
            if operation.method == method and operation.pattern.fullmatch(path):
                return operation
        return None

    def _request(self, exchange: Exchange, operation: _Operation, path: str) -> MockRequest:
        match = operation.pattern.fullmatch(path)
        assert match
        # The library takes a parameter for one segment: slashes inside are escaped for it.
        values = iter(quote(unquote(value), safe="") for value in match.groups())
        flat = re.sub(r"\{\w+\}", lambda _part: next(values), operation.template)
        request = exchange.request
        return MockRequest(
            self._host,
            request.method.lower(),
            flat,
            args=request.query,
            headers=request.headers,
            data=request.body or None,
            content_type=_media_type(request.headers),
        )

    def _judge_request(
        self, exchange: Exchange, operation: _Operation, asked: MockRequest
    ) -> list[str]:
        found = []
        known = {parameter["name"] for parameter in operation.parameters}
        for name in exchange.request.query:
            if name not in known and name.removesuffix("[]") not in known:
                found.append(f"query parameter {name} is not described")
        try:
            self._api.validate_request(asked)
        except OpenAPIError as error:
            found.append(f"request: {_explain(error)}")
        body = exchange.request.body
        described = self._resolve(operation.described.get("requestBody", {}))
        if body and not described:
            found.append("request: a body is not described")
        elif body and asked.content_type.endswith("json") and not found:
            schema = described.get("content", {}).get("application/json", {}).get("schema", {})
            extra = self._undeclared(schema, json.loads(body))
            found += [f"request: {name} is not described" for name in extra]
        return found

    def _judge_response(
        self, response: Response, operation: _Operation, asked: MockRequest
    ) -> list[str]:
        body = response.body
        payload = body if isinstance(body, bytes) else _encode(body)
        failed = response.status >= 400
        responses = operation.described["responses"]
        if str(response.status) not in responses:
            if response.status in EVERYWHERE and (body is None or isinstance(body, dict)):
                return []
            return [f"the status is not described, only {', '.join(sorted(responses))}"]
        content = self._resolve(responses[str(response.status)]).get("content", {})
        if not content:
            expected = not payload or (failed and isinstance(body, dict))
            return [] if expected else ["response: a body is not described"]
        headers = {name.lower(): value for name, value in response.headers.items()}
        media_type = _media_type(headers)
        if media_type not in content:
            return [] if isinstance(body, bytes | str) else [f"response: {media_type} is not one"]
        answered = MockResponse(
            payload, status_code=response.status, headers=headers, content_type=media_type
        )
        found = []
        try:
            self._api.validate_response(asked, answered)
        except OpenAPIError as error:
            found.append(f"response: {_explain(error)}")
        extra = self._undeclared(content[media_type].get("schema", {}), body)
        allowed = ERROR_KEYS if failed else frozenset()
        return found + [
            f"response: {name} is not described" for name in extra if name not in allowed
        ]

    def _resolve(self, node: Any) -> Any:
        """Follow references to what they name."""
        while isinstance(node, dict) and "$ref" in node:
            found: Any = self._spec
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def _branches(self, schema: Any) -> list[dict[str, Any]]:
        """Return a schema and all that it is composed of."""
        schema = self._resolve(schema)
        parts = [part for word in COMPOSITIONS for part in schema.get(word, ())]
        return [schema, *(branch for part in parts for branch in self._branches(part))]

    def _undeclared(self, schema: Any, value: Any, at: str = "") -> list[str]:
        """Return the places of members that no branch of a schema names.

        The descriptions leave objects open, so that a validator passes any further member: a typing
        error in a request, or something that the sandbox made up.
        """
        if not isinstance(value, dict | list):
            return []
        branches = self._branches(schema)
        if isinstance(value, list):
            items = [branch["items"] for branch in branches if "items" in branch]
            places = [f"{at}[{number}]" for number in range(len(value))]
            return [
                name
                for place, item in zip(places, value, strict=True)
                for name in self._least(items, item, place)
            ]
        named: dict[str, list[Any]] = {}
        for branch in branches:
            for name, described in branch.get("properties", {}).items():
                named.setdefault(name, []).append(described)
        if not named or any(branch.get("additionalProperties") for branch in branches):
            return []
        found = []
        for name, member in value.items():
            place = f"{at}.{name}".lstrip(".")
            found += self._least(named[name], member, place) if name in named else [place]
        return found

    def _least(self, schemas: Sequence[Any], value: Any, at: str) -> list[str]:
        found = [self._undeclared(schema, value, at) for schema in schemas]
        return min(found, key=len, default=[])


def _mend(node: Any) -> None:
    """Take out of a description what a strict reader takes otherwise than its authors mean it.

    `nullable` with an enumeration that lacks null excludes null in OpenAPI 3.0, though the servers
    send it. `oneOf` refuses what fits two alternatives, as every error body does whose members are
    all optional. A `discriminator` excludes the alternatives that are lists, such as a folder's.
    """
    if isinstance(node, dict):
        values = node.get("enum")
        if node.get("nullable") is True and isinstance(values, list) and None not in values:
            values.append(None)
        if isinstance(node.get("oneOf"), list):
            node["anyOf"] = node.pop("oneOf")
            node.pop("discriminator", None)
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            _mend(inner)


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def _encode(body: Any) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _explain(error: BaseException) -> str:
    """Say what a validator's chain of exceptions is about, down to the place in the body."""
    lines = []
    cause: BaseException | None = error
    while cause is not None:
        details = getattr(cause, "schema_errors", ())
        lines += [
            f"{'.'.join(map(str, detail.absolute_path)) or 'body'}: {detail.message[:200]}"
            for detail in details
        ]
        last, cause = cause, cause.__cause__
    return "; ".join(lines) or f"{last!r}"[:200]
