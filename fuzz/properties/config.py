"""Any text as keyturn.yml: a Config, or problems that each name a place, and no value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from fuzz.source import Source, changed, noise
from keyturn import providers, yaml_tree
from keyturn.config import Config, json_schema, load
from keyturn.config.problems import plain
from keyturn.errors import ConfigError
from keyturn.model import State, TokenStatus
from tests.config.samples import EXAMPLE
from tests.rotation.samples import NOW

_CANARY = "kanarienvogel"
"""Put into trees as a value only, and values are never quoted."""
_KEY = re.compile(rf'{_CANARY}[^"]*": ')
_PROVIDERS = """\
version: 1
tokens:
  - { id: a, provider: sailpoint, with: { url: "https://acme.api.example", token: ci, kind: pat } }
  - { id: b, provider: azure-devops, with: { organization: acme, user: ann, token: ci } }
  - { id: c, provider: github, with: { kind: fine-grained, organization: octo, token: ci } }
  - { id: d, provider: github, with: { kind: deploy-key, repository: octo/app, key-id: 7 } }
  - { id: e, provider: aws-iam, with: { user: ci }, credential: { access-key-id: A } }
  - { id: f, provider: synoptic, value: W, expires: 2027-01-01 }
  - id: g
    provider: declared
    expires: 2027-03-01
    secrets: [FEED_PASSWORD, { environment: production, name: OTHER, part: token }]
    never-expires: { by: "@alice", because: "vendor limit", review: 2027-06-01 }
    rotate: { enabled: true, fixed-parts: { client-id: "it stays" } }
ignore:
  - { secret: LEGACY_*, because: "goes away", until: 2027-01-01 }
"""
_TEXTS = (EXAMPLE, _PROVIDERS)
_ODD = ("", "version: 1", "- a", "{", "version: 1\ntokens: *a", "\ufeffversion: 1")
_TREES = [plain(yaml_tree.parse(text.encode())) for text in _TEXTS]


def seeds() -> Iterator[bytes]:
    """Yield the documents of the tests as they are, then changed ones."""
    for text in (*_TEXTS, *_ODD):
        yield b"\0" + text.encode()
    for number in range(40):
        yield b"\1" + noise(number)


def words() -> Iterator[str]:
    """Yield every key and word of the configuration, and what YAML is made of."""
    yield from _KEYS
    yield from (
        ": ", "- ", "{ ", " }", "[", "]", "|\n ", ">-\n ", "&a ", "*a", "!!str ", "---\n", "<<: ",
    )  # fmt: skip


def _names(node: object) -> set[str]:
    if isinstance(node, dict):
        keys = set(node.get("properties", ())) | {str(word) for word in node.get("enum", ())}
        return keys.union(*(_names(value) for value in node.values()))
    return set().union(*map(_names, node)) if isinstance(node, list) else set()


_KEYS = sorted(_names(json_schema.build(providers)))
_ATOMS = (_CANARY, f"https://{_CANARY}.example", *_KEYS)


def check(data: bytes) -> None:
    """Judge a document: raw after a zero, else made of a known one."""
    source = Source(data)
    if source.below(2) == 0:
        _judge(source.rest())
        return
    tree = changed(source.pick(_TREES), source, _ATOMS)
    document = json.dumps(tree).encode()
    told = _judge(document)
    if not _KEY.search(document.decode()):
        assert _CANARY not in told, told


def _judge(document: bytes) -> str:
    """Load a document and return what is told of it."""
    try:
        config = load(document, "keyturn.yml", repository="octo/app")
    except ConfigError as error:
        lines = document.decode("utf-8", "replace").count("\n") + 1 + document.count(b"\r")
        assert error.problems
        for problem in error.problems:
            assert problem.path == "keyturn.yml"
            assert 1 <= problem.line <= lines + 1, problem
            assert problem.column >= 1, problem
            assert problem.message, problem
            assert "\n" not in str(problem), problem
        return str(error)
    _use(config)
    return ""


def _use(config: Config) -> None:
    """Ask what every run asks of a configuration."""
    assert len({token.id for token in config.tokens}) == len(config.tokens)
    claims = [part.ref for token in config.tokens for part in token.secrets]
    assert len(set(claims)) == len(claims)
    status = TokenStatus(State.ACTIVE, owner="svc-a", scopes=("sp:read",))
    for token in config.tokens:
        assert config.policy_for(token, status)
        config.owners_for(token, status)
        config.is_ignored(token.id, NOW)
    assert config.defaults
