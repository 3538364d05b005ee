from __future__ import annotations

import re
import subprocess
import sys

import pytest

from keyturn.scan.patterns import PATTERNS, Pattern

# What a vendor issues, assembled here so that no token stands in the repository.
GOOD = {
    "github-pat-classic": ["ghp_" + "a1" * 18],
    "github-oauth": ["gho_" + "a1" * 18],
    "github-app-user": ["ghu_" + "a1" * 18],
    "github-app-installation": ["ghs_" + "a1" * 18, "ghs_12345_" + "eyJ0.eyJ_.s-g" * 40],
    "github-app-refresh": ["ghr_" + "a1" * 38],
    "github-pat-fine-grained": ["github_pat_" + "A1" * 11 + "_" + "b2" * 29 + "b"],
    "gitlab-pat": ["glpat-" + "a_-1" * 5, "glpat-" + "a1-" * 9 + ".01." + "0a1b2c3d4"],
    "gitlab-deploy-token": ["gldt-" + "a_-1" * 5],
    "gitlab-trigger-token": ["glptt-" + "0f" * 20],
    "gitlab-runner-token": ["glrt-" + "a_-1" * 5, "glrt-t1_" + "a_-1" * 5],
    "gitlab-runner-registered": ["glrtr-" + "a_-1" * 5],
    "gitlab-job-token": ["glcbt-64_" + "a_-1" * 5],
    "gitlab-oauth-secret": ["gloas-" + "0f" * 32],
    "gitlab-feed-token": ["glft-" + "a_-1" * 5],
    "gitlab-agent-token": ["glagent-" + "a_-1" * 12 + "aa"],
    "gitlab-incoming-mail": ["glimt-" + "a1" * 12 + "a"],
    "gitlab-scim-token": ["glsoat-" + "a_-1" * 5],
    "gitlab-feature-flags": ["glffct-" + "a_-1" * 5],
    "gitlab-workspace-token": ["glwt-" + "a_-1" * 5],
    "azure-devops-pat": ["a1" * 38 + "AZDO" + "b2C3"],
}


@pytest.mark.parametrize("row", PATTERNS, ids=lambda row: row.id)
def test_every_row_finds_what_the_vendor_issues(row: Pattern):
    for value in GOOD[row.id]:
        for text in (value, f"x='{value}'", f"https://u:{value}@h", f"A={value}\n"):
            assert re.search(row.regex, text), text
            found = re.search(row.regex.encode(), text.encode())
            assert found
            assert found[0] == value.encode()


@pytest.mark.parametrize("row", PATTERNS, ids=lambda row: row.id)
def test_every_row_passes_over_what_is_too_short_or_inside_a_word(row: Pattern):
    for value in GOOD[row.id]:
        start = value.index(row.keyword) + len(row.keyword)
        for text in (value[: start + 3], "x" + value, row.keyword + "${TOKEN}", row.keyword):
            assert not re.search(row.regex, text), text


def test_the_table_is_in_order():
    assert len({row.id for row in PATTERNS}) == len(PATTERNS)
    for row in PATTERNS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.id)
        assert row.regex.isascii()
        assert re.compile(row.regex).groups == 0
        assert row.keyword in row.regex
        assert row.source


def test_no_row_takes_what_another_means():
    for name, values in GOOD.items():
        for value in values:
            assert [row.id for row in PATTERNS if re.search(row.regex, value)] == [name]


def test_the_table_loads_nothing_heavy():
    code = (
        "import sys; import keyturn.scan.patterns\n"
        "sys.exit(repr({'dataclasses', 'logging', 'inspect', 'pydantic'} & set(sys.modules)))\n"
    )
    # -S: site-packages of a development environment import these for their own ends.
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip() == "set()"
