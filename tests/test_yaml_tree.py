from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from keyturn import yaml_tree
from keyturn.yaml_tree import Mapping, Node, Scalar, Sequence, YamlError, parse


@pytest.fixture(params=["C", "Python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of PyYAML's parsers must give the same tree."""
    if request.param == "Python":
        monkeypatch.setattr(yaml_tree, "_LOADER", yaml.SafeLoader)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("PyYAML was built without libyaml here")


def plain(node: Node | None) -> object:
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.value if node else None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("0123", 123),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("12345678901234567890", "12345678901234567890"),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("on", "on"),
        ("~", None),
        ("null", None),
        ("2027-03-01", "2027-03-01"),
        ("12:30:00", "12:30:00"),
        ("0x1f", "0x1f"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|\n  null\n", "null\n"),
        (">-\n  a\n  b\n", "a b"),
        ("!!str 1", 1),
    ],
)
def test_scalars_are_read_by_the_core_schema(text, value):
    root = parse(f"a: {text}".encode())
    assert isinstance(root, Mapping)
    read = plain(root.get("a"))
    assert (read, type(read)) == (value, type(value))


def test_every_node_knows_its_place():
    root = parse("# é\na: [x,\n  'y z']\nb:\n  c: |\n    q\n".encode())
    assert isinstance(root, Mapping)
    assert (root.line, root.column) == (2, 1)
    items = root.get("a")
    assert items == Sequence(
        2, 4, [Scalar("x", True, "x", 2, 5), Scalar("y z", False, "'y z'", 3, 3)]
    )
    inner = root.get("b")
    assert isinstance(inner, Mapping)
    assert [(key.line, key.column) for key, _ in inner] == [(5, 3)]
    block = inner.get("c")
    assert isinstance(block, Scalar)
    assert (block.text, block.plain, block.raw) == ("q\n", False, "|\n    q\n")
    assert inner.get("d") is None


def test_a_byte_order_mark_and_carriage_returns_do_not_move_places():
    root = parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert isinstance(root, Mapping)
    assert [(key.text, key.line, key.column) for key, _ in root] == [("a", 1, 1), ("b", 2, 1)]


def test_duplicate_keys_are_kept_apart_and_the_first_stays():
    root = parse(b"a: 1\nb: {c: 2, c: 3}\na: 4\n")
    assert isinstance(root, Mapping)
    assert plain(root) == {"a": 1, "b": {"c": 2}}
    assert [(key.text, key.line, key.column) for key in root.duplicates] == [("a", 3, 1)]
    inner = root.get("b")
    assert isinstance(inner, Mapping)
    assert [(key.line, key.column) for key in inner.duplicates] == [(2, 11)]


@pytest.mark.parametrize("data", [b"", b"\n", b"# nothing\n", b"\xef\xbb\xbf"])
def test_nothing_is_none(data):
    assert parse(data) is None


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"a: &x 1", (1, 4), "anchors and aliases"),
        (b"a: &x [1]", (1, 4), "anchors and aliases"),
        (b"a: &x {b: 1}", (1, 4), "anchors and aliases"),
        (b"a: *x", (1, 4), "anchors and aliases"),
        (b"a: 1\n---\nb: 1\n", (2, 1), "a second document"),
        (b"? [a]\n: b", (1, 3), "a key that is not a word"),
        (b"a: 1\n# \xff", (2, 1), "not UTF-8"),
        (b"a: b: c", (1, 5), "not YAML"),
        (b"a: 1\n\x00", (2, 1), "a character YAML does not allow"),
        (b"[" * 65, (1, 65), "nested more than 64 deep"),
        (b"- 1\n" * 100_001, (100_000, 3), "more than 100000 values"),
        (b"#" * (yaml_tree.MAX_BYTES + 1), (1, 1), "larger than 1024 KiB"),
    ],
)
def test_what_is_refused(data, place, message):
    with pytest.raises(YamlError, match=message) as caught:
        parse(data)
    assert (caught.value.line, caught.value.column) == place


def test_half_a_character_is_refused():
    # Each parser says so in its own words.
    with pytest.raises(YamlError):
        parse(b'a: "\\ud800"')


def test_a_smaller_limit_may_be_set():
    with pytest.raises(YamlError, match="larger than 1 KiB"):
        parse(b"#" * 1025, max_bytes=1024)


def test_an_alias_is_the_same_node_where_it_is_accepted():
    root = parse(b"a: &x [1]\nb: *x\n", aliases=True)
    assert isinstance(root, Mapping)
    assert plain(root) == {"a": [1], "b": [1]}
    assert root.get("a") is root.get("b")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: *x\nb: &x 1", "not defined before it"),
        (b"a: &x [*x]", "not defined before it"),
        (
            b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + b"".join(
                f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n".encode() for i in range(1, 9)
            ),
            "more than 100000 values",
        ),
    ],
)
def test_alias_bombs_and_loops_are_refused_where_aliases_are_accepted(data, message):
    with pytest.raises(YamlError, match=message):
        parse(data, aliases=True)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(_JSON)
def test_json_is_read_as_json(value):
    try:
        node = parse(json.dumps(value).encode())
    except YamlError:
        # YAML has no surrogate pairs and no control characters but by their own escapes.
        assert "\\u" in json.dumps(value)
        return
    assert plain(node) == value


@given(st.binary(max_size=100), st.booleans())
def test_any_bytes_give_a_tree_or_a_yaml_error(data, aliases):
    try:
        parse(data, aliases=aliases)
    except YamlError as error:
        assert error.line >= 1
        assert error.column >= 1
