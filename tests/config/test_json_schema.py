from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from keyturn import yaml_tree
from keyturn.commands import config as command
from keyturn.config import json_schema
from keyturn.config.problems import plain
from tests.config.cases import CASES
from tests.config.samples import EXAMPLE, ToyProviders, problems

COMMITTED = Path(__file__).parents[2] / "docs" / "reference" / "keyturn.schema.json"

# What no schema can say: relations between places, and what only a parser can judge.
BEYOND_A_SCHEMA = {
    "address of the own cloud",
    "a secret twice",
    "both expiries",
    "cron with seconds",
    "cron",
    "date after all dates",
    "date before all dates",
    "date long gone",
    "date",
    "duplicate key",
    "duplicate key, deep",
    "duration beyond reason",
    "empty text",
    "environment of Dependabot",
    "freeze backwards",
    "instant without offset",
    "ladder rises",
    "ladder stays",
    "lead beyond reason",
    "organization and repository",
    "plain http",
    "regular expression",
    "the provider's own rule",
    "time zone folder",
    "time zone path",
    "time zone",
    "two tokens, one secret",
    "version float",
    "version word",
}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json_schema.build(ToyProviders()))


def test_the_committed_schema_is_current():
    assert COMMITTED.read_text(encoding="utf-8") == command.schema(), (
        "run: keyturn config schema > docs/reference/keyturn.schema.json"
    )


def test_the_committed_schema_is_a_schema():
    subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--check-metaschema", str(COMMITTED)],
        check=True,
        capture_output=True,
    )


def test_the_contract_s_example_is_good_for_both(validator):
    assert problems(EXAMPLE) == []
    assert list(validator.iter_errors(plain(yaml_tree.parse(EXAMPLE.encode())))) == []


@pytest.mark.parametrize(("name", "text"), [case[:2] for case in CASES])
def test_the_schema_refuses_what_the_loader_refuses(validator, name, text):
    data = text.encode() if isinstance(text, str) else text
    try:
        value = plain(yaml_tree.parse(data))
    except yaml_tree.YamlError:
        return  # an editor's own YAML parser says so
    assert validator.is_valid(value) is (name in BEYOND_A_SCHEMA)


def test_the_schema_accepts_no_empty_value():
    assert '"null"' not in json.dumps(json_schema.build(ToyProviders()))
