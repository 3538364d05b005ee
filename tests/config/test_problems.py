from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from keyturn import yaml_tree
from keyturn.config.problems import quote, suggest
from keyturn.errors import ConfigError
from tests.config.cases import CASES
from tests.config.samples import EXAMPLE, load, problems
from tests.scan.corpus import forge


@pytest.mark.parametrize(
    ("text", "told"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_every_problem_has_its_place_and_its_words(text, told):
    found = problems(text)
    assert len(found) == len(told), found
    for problem, part in zip(found, told, strict=True):
        assert part in problem if part == "not YAML" else problem.startswith(part), problem


@pytest.mark.parametrize(
    "text",
    [
        "tokens: [{ id: a, provider: declared, secrets: [{ name: A, part: x }, B] }]",
        "tokens: [{ id: a, provider: declared, secrets: [{ environment: 'a b', name: A }] }]",
        "tokens: [{ id: a, provider: gitlab, with: { url: 'http://127.0.0.1:8080' } }]",
        "tokens: [{ id: a, provider: gitlab, with: { url: 'http://localhost' } }]",
        "tokens: [{ id: a, provider: declared, expires: '2027-01-01T10:00:00+02:00' }]",
        "tokens: [{ id: a, provider: declared, rotate: { accept-loss: { because: x } } }]",
        "tokens: [{ id: a, provider: declared, rotate: { fixed-parts: { client-id: x } } }]",
        "journal: { kind: local, path: .keyturn }",
        "journal: { kind: git-ref, public-journal: true }",
        "scan: { patterns: [{ id: a, keyword: '[[', regex: '[[a]' }] }",
        "scan: { patterns: [{ id: a, keyword: b_, regex: '(?:a|b)_(?P<token>[a-z]{8})' }] }",
        "defaults: { owners: ['@octo/platform', '@alice_acme'] }",
        "ignore: [{ secret: '*', because: 'everything: later' }]",
    ],
)
def test_these_are_good(text):
    assert problems("version: 1\n" + text) == []


@pytest.mark.parametrize(
    ("regex", "told"),
    [
        ("(?u)a_", "for text only (files are bytes, write no (?u), \\u or \\N)"),
        ("a_(?u:b)", "for text only"),
        (r"a_\N{DIGIT ONE}", "for text only"),
        (r"a_\u0031", "for text only"),
        ("(?L)a_", "not a regular expression as Python knows them"),
        ("(a_)(b)", "more than one group (write (?:...) for those that are not the token)"),
    ],
)
def test_an_expression_that_no_scan_could_use_is_refused(regex, told):
    (problem,) = problems(
        f"version: 1\nscan: {{ patterns: [{{ id: a, keyword: a_, regex: '{regex}' }}] }}"
    )
    assert problem.startswith("2:49: 'regex': ")
    assert told in problem


SECRETS = {
    rule: next(sample.make(Random(rule)) for sample in forge.SAMPLES if sample.rule == rule)
    for rule in ("gitlab-pat", "github-pat-classic", "azure-devops-pat")
}


@pytest.mark.parametrize(("kind", "value"), SECRETS.items(), ids=SECRETS)
@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("tokens: [{ id: a, provider: declared, value: '", "' }]", "2:46"),
        ("tokens: [{ id: a, provider: declared, credential: { x: ", " } }]", "2:56"),
        ("tokens: [{ id: ", ", provider: declared }]", "2:16"),
        ("", ": 1", "2:1"),
        ("watch: {} # ", "", "2:13"),
        ("issues: {}\nissues: ", "", "3:9"),
        ('watch: { heartbeat: "https://a:', '@example.com" }', "2:21"),
        ("journal: { kind: local, path: |\n  ", "\n  }", "3:3"),
    ],
)
def test_a_secret_value_is_found_wherever_it_stands(kind, value, before, after, place):
    found = problems(f"version: 1\n{before}{value}{after}\n")
    (told,) = [problem for problem in found if "a secret value" in problem]
    assert told.startswith(f"{place}: a secret value ({kind}) must not stand")
    assert [problem for problem in found if problem.startswith(f"{place}:")] == [told]
    assert value not in "".join(found)


def test_a_secret_value_behind_an_escape_is_found():
    text = 'watch: { heartbeat: "\\x67' + SECRETS["gitlab-pat"][1:] + '" }'
    assert problems("version: 1\n" + text)[0].startswith("2:21: a secret value (gitlab-pat)")


@pytest.mark.parametrize(
    ("key", "shown"),
    [("a", "'a'"), ("a\x1b[31m\n", "'a�[31m�'"), ("x" * 50, "'" + "x" * 40 + "…'"), (3, "'3'")],
)
def test_quoted_keys_are_short_and_printable(key, shown):
    assert quote(key) == shown


def test_suggestions():
    assert suggest("ownres", ["id", "owners"]) == "did you mean 'owners'?"
    assert suggest("x", ["id", "owners"]) == "known here: id, owners"


def _values(node: yaml_tree.Node | None):
    if isinstance(node, yaml_tree.Scalar):
        yield node
    elif isinstance(node, yaml_tree.Sequence):
        for item in node.items:
            yield from _values(item)
    elif isinstance(node, yaml_tree.Mapping):
        for _, value in node:
            yield from _values(value)


@pytest.mark.parametrize("node", list(_values(yaml_tree.parse(EXAMPLE.encode()))))
@pytest.mark.parametrize("canary", ["Zq7#k9!wv2", "Zq7k9wv2", "https://Zq7k9wv2@h?Zq7k9wv2"])
def test_no_value_is_ever_quoted(node, canary):
    lines = EXAMPLE.split("\n")
    line = lines[node.line - 1]
    start = node.column - 1
    lines[node.line - 1] = f'{line[:start]}"{canary}"{line[start + len(node.raw) :]}'
    assert "wv2" not in "\n".join(problems("\n".join(lines)))


def _accepted_or_refused(data: bytes) -> None:
    try:
        load(data)
    except ConfigError as error:
        assert error.problems
        assert all(p.path == "k.yml" and p.line >= 1 and p.column >= 1 for p in error.problems)
        str(error).encode()


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbfversion: 1")
@example(b'version: 1\n"\\ud800": 1')
@example(b'version: 1\nissues: { labels: ["\\ud800"] }')
@example(b"version: 1\n? [a]\n: b")
@example(b"version: 1\r\nissues: 3\r\n")
@example(b"%YAML 9.9\n---\nversion: 1")
@example(b"version: !!python/object:os.system 1")
@example(b"version: 1\x00")
def test_any_bytes_are_accepted_or_refused(data):
    _accepted_or_refused(data)


@given(st.data())
def test_any_damage_is_accepted_or_refused(data):
    text = EXAMPLE.encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(start + 30, len(text))))
    _accepted_or_refused(text[:start] + data.draw(st.binary(max_size=8)) + text[end:])


_KEYS = sorted(
    {part.strip(" -{[\"',") for line in EXAMPLE.split("\n") for part in line.split(":")[:-1]}
    | {"cron", "regex", "part", "name", "from", "to", "timezone", "before", "duration"}
)
_LEAVES = (
    st.datetimes(timezones=st.timezones()).map(lambda when: when.isoformat())
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["30d", "33%", "gitlab", "@a", "o/r", "A", "git-ref", "local", "* * * * *"])
    | st.from_regex(r"[0-9*/,L#W-]{1,5}( [0-9*/,L#WA-Z-]{1,5}){4}", fullmatch=True)
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=6))
def test_any_structure_is_accepted_or_refused(value):
    _accepted_or_refused(json.dumps({"version": 1, **value}).encode())


@given(
    cron=st.from_regex(r"[0-9*/,L#W-]{1,6}( [0-9*/,L#WA-Z-]{1,6}){4}", fullmatch=True),
    zone=st.text(max_size=30),
    regex=st.text(st.sampled_from("()[]{}|?*+^$\\PL<>=!:-,09azAZ"), max_size=12),
)
def test_any_cron_line_zone_and_expression_is_accepted_or_refused(cron, zone, regex):
    value = {
        "version": 1,
        "rotation": {"windows": [{"cron": cron, "duration": "1h", "timezone": zone}]},
        "scan": {"patterns": [{"id": "a", "keyword": "a", "regex": regex}]},
    }
    _accepted_or_refused(json.dumps(value).encode())
