"""Stage two: what decides when several rows, forms or places compete."""

from __future__ import annotations

import base64
import json
from random import Random
from urllib.parse import quote

import pytest

from keyturn.scan.engine import CERTAIN, LIKELY, LOW, Engine
from keyturn.scan.pattern import FIXED, OWN, Pattern
from keyturn.scan.patterns import GENERIC
from keyturn.secret_value import SecretValue
from tests.scan.corpus.build import SAMPLES
from tests.scan.corpus.sample import ALNUM, HEX, draw

ENGINE = Engine()
GITLAB = "gl" + "pat-" + draw(Random(31), ALNUM, 20)
SAILPOINT = draw(Random(32), HEX, 64)


def make(rule: str) -> str:
    return next(sample.make(Random(33)) for sample in SAMPLES if sample.rule == rule)


def found(text: str) -> list[tuple[str, str]]:
    return [(hit.row.id, hit.confidence) for hit in ENGINE.find(text.encode())]


@pytest.mark.parametrize(
    "text",
    [
        f"{GITLAB}",
        f"`{GITLAB}`",
        f"<a>{GITLAB}</a>",
        f"a,{GITLAB},b",
        f"https://x/?t={GITLAB}&u=1",
        json.dumps({"a": json.dumps({"b": f"\n{GITLAB}\n"})}),
        f"%22{GITLAB}%22",
        quote(f"token: {GITLAB}!", safe=""),
        base64.b64encode(f"export TOKEN={GITLAB}\n".encode()).decode(),
        base64.b64encode(base64.b64encode(f"the token is {GITLAB}\n".encode())).decode(),
        "".join(f"\\u{ord(char):04x}" for char in GITLAB),
        f"token: >-\n  {GITLAB[:12]}\n  {GITLAB[12:]}\nnext: 1",
        f'token: "{GITLAB[:12]}\\\n  {GITLAB[12:]}"\n',
        f"export TOKEN={GITLAB[:12]}\\\n{GITLAB[12:]}\n",
        f"\x1b[32m{GITLAB}\x1b[0m",
        f"\\x22{GITLAB}\\x22",
        f"token=3D{GITLAB}",
        base64.encodebytes(f"{'harmless=1 ' * 20}\nTOKEN={GITLAB}\n".encode()).decode(),
    ],
)
def test_a_token_is_found_however_it_is_wrapped(text: str) -> None:
    assert found(text) == [("gitlab-pat", LIKELY)]


@pytest.mark.parametrize(
    "escape", ["%{:02x}".format, "\\u{:04x}".format, "\\x{:02x}".format], ids=["%", "u", "x"]
)
@pytest.mark.parametrize("engine", [ENGINE, Engine(bulk=True)], ids=["small", "large"])
def test_a_long_token_is_seen_whole_where_every_character_is_escaped(engine, escape) -> None:
    token = make("1password-service-account")
    assert len(token) > 600
    (hit,) = engine.find("".join(escape(ord(char)) for char in token).encode())
    assert hit.row.id == "1password-service-account"
    assert hit.secret.is_same(SecretValue(token))


@pytest.mark.parametrize("around", ["%20%20%20", '"a\\u0020b"', "key: >-\n  abcdef\n  ghijkl"])
def test_a_token_is_not_found_again_at_the_next_name(around: str) -> None:
    text = f'api_key = "{draw(Random(34), ALNUM, 32)}"\n{around}\n# no api-key here\n'
    (hit,) = Engine([GENERIC]).find(text.encode())
    assert text[hit.start : hit.end].isalnum()


NAMED = """\
data:
  key: %4a%4b
  note: >-
    some_password =
    {}
  next: /
"""


@pytest.mark.parametrize("text", [NAMED, "a\\u0020b: token=\\\n  {}"])
def test_a_value_is_found_on_the_folded_line_below_its_name(text: str) -> None:
    token = draw(Random(35), ALNUM, 32)
    (hit,) = Engine([GENERIC]).find(text.format(token).encode())
    assert hit.secret.is_same(SecretValue(token))


@pytest.mark.parametrize("name", ["my_{}password", "db.{}secret", "{}Token"])
@pytest.mark.parametrize("word", ["encrypted_", "Hashed", "sealed-"])
def test_a_name_may_say_that_its_value_is_not_the_secret_itself(name: str, word: str) -> None:
    text = f'{name} = "{draw(Random(36), ALNUM, 32)}"'
    assert Engine([GENERIC]).find(text.format("").encode())
    assert not Engine([GENERIC]).find(text.format(word).encode())


@pytest.mark.parametrize("text", [f"x{GITLAB}", f"{GITLAB[:20]}", "glpat-" + "x" * 20, "glpat-"])
def test_what_is_inside_a_word_too_short_or_made_up_is_not(text: str) -> None:
    assert found(text) == []


def test_a_checksum_leaves_no_doubt_and_a_wrong_one_drops_the_match() -> None:
    token = make("github-pat-classic")
    assert found(token) == [("github-pat-classic", CERTAIN)]
    assert found(f"x{token}") == [("github-pat-classic", CERTAIN)]
    assert found(token[:-1] + ("a" if token[-1] != "a" else "b")) == []


def test_a_checksum_known_from_few_tokens_only_lowers_the_confidence() -> None:
    token = make("trello-token")
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert {confidence for _, confidence in found(token) + found(changed)} <= {
        CERTAIN,
        LIKELY,
        LOW,
    }
    assert found(changed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# sailpoint\nclient_secret: {}\n", True),
        ("# acme\nclient_secret: {}\n", False),
        ("# sailpoint\nsha256: {}\n", False),
        ("# sailpoint\n" + "x\n" * 4 + "client_secret: {}\n", True),
        ("# sailpoint\n" + "x\n" * 12 + "client_secret: {}\n", False),
        ("client_secret: {}\n" + "x\n" * 4 + "url: https://acme.api.identitynow.com\n", True),
        ("# sailpoint " + "x" * 600 + "\nclient_secret: {}\n", False),
    ],
)
def test_a_contextual_token_needs_its_provider_and_a_name(text: str, expected: bool) -> None:
    hits = found(text.format(SAILPOINT))
    assert hits == ([("sailpoint-client-secret", LIKELY)] if expected else [])


def test_each_place_has_one_explanation() -> None:
    token = make("github-app-installation")
    text = f"https://x-access-token:{token}@github.com/a/b\n"
    assert [rule for rule, _ in found(text)] == ["github-app-installation"]


def test_many_tokens_are_told_apart_quickly() -> None:
    random = Random(34)
    tokens = ["gl" + "pat-" + draw(random, ALNUM, 20) for _ in range(5000)]
    hits = ENGINE.find("\n".join(tokens).encode())
    assert [hit.secret.reveal() for hit in hits] == tokens


def test_a_pattern_of_the_users_own_is_believed() -> None:
    row = Pattern("acme", ("acme_",), "[a-z]{2}-acme_([a-z]{8})", OWN, "ours", lead=512)
    (hit,) = Engine((row,)).find(b"xx-acme_examples")
    assert hit.secret.reveal() == "examples"
    row = Pattern("acme", ("acme_",), "acme_(x-)?[a-z]{8}", OWN, "ours", lead=512)
    (hit,) = Engine((row,)).find(b"xx-acme_examples")
    assert hit.secret.reveal() == "acme_" + "examples"
    drawn = Pattern("acme", ("acme_",), "acme_[a-z]{8}", FIXED, "ours")
    assert Engine((drawn,)).find(b"acme_examples") == []
