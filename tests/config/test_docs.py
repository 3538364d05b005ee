"""docs/reference/configuration.md holds one row for every key, and its example is a good file."""

from __future__ import annotations

import re

from keyturn import config
from keyturn.model import Policy
from tests.config.samples import load
from tests.repo import config_page
from tests.repo.config_page import PAGE


def test_every_key_has_its_row_and_no_row_is_left_over():
    text = PAGE.read_text(encoding="utf-8")
    assert text == config_page.page(text), "renew it: python -m tests.repo.config_page"
    told = re.findall(r"^\| `[a-z].*$", text, re.MULTILINE)
    assert sorted(told) == sorted(config_page.rows().values())


def test_the_page_s_example_is_good():
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    shown = config.load(block.encode(), "keyturn.yml", repository="octo/app")
    assert [token.id for token in shown.tokens] == ["deploy-gitlab", "legacy-feed", "mirror"]


def test_the_defaults_are_the_model_s():
    assert load("version: 1\n").defaults == Policy()
