"""The places where people leave tokens: configuration, code, notes and logs, as they look.

A setting is a file with one slot for the secret. Its names and hosts are those of the sample, so
that a token which only its surroundings tell is told by what real files say, and by nothing else.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

from tests.scan.corpus.sample import Sample

_SLOT = "\0"
_WIDTH = 64
"""Where people break a long value, as PEM and `base64` do."""


class Placed(NamedTuple):
    """A file with a token in it."""

    name: str
    content: bytes
    first: int
    """The line, from 1, where the token (or what it is encoded in) begins."""
    last: int


def _block(sample: Sample, token: str) -> bool:
    """Accept what is a text of its own: a key in its armour, a piece of a configuration file."""
    return bool(set(token) & set("\r\n \"'<>")) or bool(re.search(r":_|=\w", token))


def _word(sample: Sample, token: str) -> bool:
    """Accept what stands in a line."""
    return not _block(sample, token)


def _value(sample: Sample, token: str) -> bool:
    """Accept what stands in a line and is no address."""
    return _word(sample, token) and "://" not in token


def _in_url(sample: Sample, token: str) -> bool:
    """Accept a value alone: nobody puts an assignment into an address."""
    return _value(sample, token) and "=" not in token.rstrip("=")


def _address(sample: Sample, token: str) -> bool:
    return _word(sample, token) and "://" in token


def _header_value(sample: Sample, token: str) -> bool:
    return _value(sample, token) and not _form_value(sample, token)


def _form_value(sample: Sample, token: str) -> bool:
    """Accept what is sent in a request's body, going by its name."""
    return _value(sample, token) and sample.variable.endswith(("SECRET", "PASSWORD"))


def _long(sample: Sample, token: str) -> bool:
    return _value(sample, token) and len(token) > _WIDTH


def _short(sample: Sample, token: str) -> bool:
    return _word(sample, token) and not _long(sample, token)


def _not_xml(sample: Sample, token: str) -> bool:
    return "<" not in token


def _anything(sample: Sample, token: str) -> bool:
    return True


def _plain(sample: Sample, token: str) -> str:
    return token


def _in_yaml(sample: Sample, token: str) -> str:
    return token if token[0].isalnum() or token[0] in "-_./+" else f'"{token}"'


def _in_json(sample: Sample, token: str) -> str:
    return json.dumps(token)[1:-1]


def _in_json_in_json(sample: Sample, token: str) -> str:
    return json.dumps(json.dumps(token)[1:-1])[1:-1]


def _in_xml(sample: Sample, token: str) -> str:
    return escape(token, {'"': "&quot;"})


def _in_csv(sample: Sample, token: str) -> str:
    quoted = token.replace('"', '""')
    return f'"{quoted}"' if set(token) & set(',"') else token


def _percent(sample: Sample, token: str) -> str:
    return quote(token, safe="")


def _base64(sample: Sample, token: str) -> str:
    return base64.b64encode(token.encode()).decode()


def _base64_of_env(sample: Sample, token: str) -> str:
    return _base64(sample, f"{sample.variable}={token}\n")


def _indented(indent: str) -> Callable[[Sample, str], str]:
    return lambda sample, token: token.strip("\n").replace("\n", "\n" + indent)


def _folded(sample: Sample, token: str) -> str:
    parts = [token[at : at + _WIDTH] for at in range(0, len(token), _WIDTH)]
    return "\n    ".join(parts)


def _continued(sample: Sample, token: str) -> str:
    middle = len(token) * 2 // 3
    return f"{token[:middle]}\\\n    {token[middle:]}"


class Setting(NamedTuple):
    """One kind of file, `%`-formatted with the names of a sample."""

    id: str
    name: str
    """Of the file."""
    text: str
    encode: Callable[[Sample, str], str] = _plain
    fits: Callable[[Sample, str], bool] = _word
    encoding: str = "utf-8"

    def place(self, sample: Sample, token: str) -> Placed:
        """Put a token where people keep it."""
        names = _names(sample)
        written = self.encode(sample, token)
        before, after = (self.text % names).split(_SLOT)
        first = before.count("\n") + 1
        content = f"{before}{written}{after}".encode(self.encoding)
        return Placed(self.name % names, content, first, first + written.count("\n"))


def _names(sample: Sample) -> dict[str, str]:
    words = sample.variable.lower().split("_")
    return {
        "SECRET": _SLOT,
        "VAR": sample.variable,
        "var": "_".join(words),
        "dashed": "-".join(words),
        "camel": words[0] + "".join(map(str.capitalize, words[1:])),
        "Provider": sample.provider,
        "PROVIDER": escape(sample.provider),
        "slug": "-".join(re.findall("[a-z0-9]+", sample.provider.lower())),
        "host": sample.host or "git.acme-corp.net",
    }


_YAML = """\
service: billing
region: eu-west-1
%(slug)s:
  endpoint: https://%(host)s
  timeout: 30
"""
_WORKFLOW = """\
name: nightly
on:
  schedule:
    - cron: "17 3 * * *"
jobs:
  sync:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - name: Publish to %(Provider)s
        run: ./scripts/publish.sh --region eu
        env:
"""
_KUBERNETES = """\
apiVersion: v1
kind: Secret
metadata:
  name: %(slug)s-credentials
  namespace: billing
type: Opaque
"""

SETTINGS: tuple[Setting, ...] = (
    Setting("yaml", "config/settings.yml", _YAML + "  %(var)s: %(SECRET)s\nretries: 3\n", _in_yaml),
    Setting(
        "yaml",
        "config/settings.yml",
        _YAML + "  %(var)s: |\n    %(SECRET)s\nretries: 3\n",
        _indented("    "),
        _block,
    ),
    Setting(
        "yaml-folded",
        "config/settings.yaml",
        _YAML + "  %(var)s: >-\n    %(SECRET)s\n  retries: 3\n",
        _folded,
        _long,
    ),
    Setting(
        "yaml-folded",
        "config/settings.yaml",
        _YAML + "  %(var)s: >-\n    %(SECRET)s\n  retries: 3\n",
        _plain,
        _short,
    ),
    Setting(
        "yaml-continued",
        "config/settings.yaml",
        _YAML + '  %(var)s: "%(SECRET)s"\n  retries: 3\n',
        _continued,
        _long,
    ),
    Setting(
        "kubernetes",
        "deploy/secret.yaml",
        _KUBERNETES + "data:\n  %(dashed)s: %(SECRET)s\n",
        _base64,
        _anything,
    ),
    Setting(
        "kubernetes-plain",
        "deploy/secret.yaml",
        _KUBERNETES + 'stringData:\n  %(VAR)s: "%(SECRET)s"\n',
        _in_json,
        _anything,
    ),
    Setting(
        "compose",
        "docker-compose.yml",
        "services:\n  worker:\n    image: registry.acme-corp.net/billing/worker:2.3.1\n"
        "    restart: unless-stopped\n    environment:\n      - LOG_LEVEL=info\n"
        "      - %(VAR)s=%(SECRET)s\n    ports:\n      - 8080:8080\n",
    ),
    Setting(
        "workflow",
        ".github/workflows/nightly.yml",
        _WORKFLOW + "          %(VAR)s: %(SECRET)s\n          REGION: eu\n",
        _in_yaml,
    ),
    Setting(
        "workflow",
        ".github/workflows/nightly.yml",
        _WORKFLOW + "          %(VAR)s: |\n            %(SECRET)s\n          REGION: eu\n",
        _indented("            "),
        _block,
    ),
    Setting(
        "json",
        "config/production.json",
        '{\n  "service": "billing",\n  "%(slug)s": {\n    "baseUrl": "https://%(host)s",\n'
        '    "%(camel)s": "%(SECRET)s",\n    "timeout": 30\n  }\n}\n',
        _in_json,
        _anything,
    ),
    Setting(
        "json-minified",
        "dist/settings.json",
        '{"service":"billing","%(camel)s":"%(SECRET)s","url":"https://%(host)s","retries":3}',
        _in_json,
        _anything,
    ),
    Setting(
        "json-in-json",
        "state/task-definition.json",
        '{\n  "family": "billing",\n  "revision": 14,\n'
        '  "payload": "{\\"url\\": \\"https://%(host)s\\", \\"%(var)s\\": \\"%(SECRET)s\\"}"\n}\n',
        _in_json_in_json,
        _anything,
    ),
    Setting(
        "xml-element",
        "settings.xml",
        '<?xml version="1.0" encoding="UTF-8"?>\n<settings>\n  <service>\n'
        "    <name>%(PROVIDER)s</name>\n    <url>https://%(host)s</url>\n"
        "    <%(camel)s>%(SECRET)s</%(camel)s>\n  </service>\n</settings>\n",
        _in_xml,
        _not_xml,
    ),
    Setting(
        "xml-attribute",
        "src/Billing/App.config",
        '<?xml version="1.0"?>\n<configuration>\n  <appSettings>\n'
        '    <add key="Url" value="https://%(host)s" />\n'
        '    <add key="%(VAR)s" value="%(SECRET)s" />\n  </appSettings>\n</configuration>\n',
        _in_xml,
    ),
    Setting(
        "csv",
        "ops/accounts.csv",
        "service,url,owner,token,comment\nnightly-build,https://ci.acme-corp.net,maria,,none\n"
        "%(Provider)s,https://%(host)s,jonas,%(SECRET)s,%(VAR)s of the deploy job\n",
        _in_csv,
    ),
    Setting(
        "shell",
        "scripts/deploy.sh",
        "#!/usr/bin/env bash\nset -euo pipefail\n\nexport REGION=eu-west-1\n"
        "export %(VAR)s='%(SECRET)s'\n\n./bin/release --region $REGION\n",
    ),
    Setting(
        "shell",
        "scripts/deploy.sh",
        '#!/usr/bin/env bash\nset -euo pipefail\n\nexport %(VAR)s="%(SECRET)s"\n./bin/release\n',
        fits=_block,
    ),
    Setting(
        "curl",
        "docs/runbook.sh",
        "# list what is there\ncurl -fsS -H 'Authorization: Bearer %(SECRET)s' \\\n"
        "  https://%(host)s/v1/items | jq .\n",
        fits=_header_value,
    ),
    Setting(
        "curl",
        "docs/runbook.sh",
        "# %(Provider)s: get an access token\ncurl -fsS -X POST https://%(host)s/oauth/token \\\n"
        "  -d grant_type=client_credentials -d 'client_secret=%(SECRET)s' | jq .\n",
        _percent,
        _form_value,
    ),
    Setting(
        "curl",
        "docs/runbook.sh",
        "# tell the others\ncurl -fsS -X POST -d '{\"text\": \"released\"}' \\\n  '%(SECRET)s'\n",
        fits=_address,
    ),
    Setting(
        "url-query",
        "src/feeds.py",
        "# %(Provider)s\nFEEDS = [\n"
        '    "https://%(host)s/v1/items?page=1&access_token=%(SECRET)s&sort=asc",\n]\n',
        _percent,
        _in_url,
    ),
    Setting(
        "url-userinfo",
        "requirements-internal.txt",
        "httpx==0.28.1\ngit+https://deploy:%(SECRET)s@%(host)s/group/billing.git@v2.3.1\nrich\n",
        _percent,
        _in_url,
    ),
    Setting(
        "percent-encoded",
        "logs/redirects.txt",
        "GET /login?next=https%%3A%%2F%%2F%(host)s%%2Fcallback"
        "%%3F%(var)s%%3D%(SECRET)s%%26page%%3D1 302\n",
        _percent,
        _word,
    ),
    Setting(
        "markdown",
        "docs/onboarding.md",
        "# Onboarding\n\n1. Ask Jonas for access to %(Provider)s.\n"
        "2. Until then set `%(VAR)s` to `%(SECRET)s`.\n3. Run `make dev`.\n",
    ),
    Setting(
        "markdown-named-after",
        "docs/onboarding.md",
        "# Onboarding\n\n1. Ask Jonas for access to %(Provider)s.\n"
        "2. Until then use `%(SECRET)s` as `%(VAR)s`.\n3. Run `make dev`.\n",
    ),
    Setting(
        "markdown",
        "docs/onboarding.md",
        "# Onboarding\n\nSave this as `%(VAR)s`:\n\n```\n%(SECRET)s\n```\n\nThen run `make dev`.\n",
        fits=_block,
    ),
    Setting(
        "markdown-table",
        "docs/accounts.md",
        "| service | where | %(VAR)s |\n|---|---|---|\n| %(Provider)s | %(host)s |%(SECRET)s|\n",
    ),
    Setting(
        "dotenv",
        ".env",
        "LOG_LEVEL=info\nBASE_URL=https://%(host)s\n%(VAR)s=%(SECRET)s\nPORT=8080\n",
    ),
    Setting(
        "dotenv",
        ".env",
        'LOG_LEVEL=info\nBASE_URL=https://%(host)s\n%(VAR)s="%(SECRET)s"\nPORT=8080\n',
        _in_json,
        _block,
    ),
    Setting(
        "dockerfile",
        "Dockerfile",
        "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nENV %(VAR)s=%(SECRET)s\n"
        'RUN pip install --no-cache-dir .\nCMD ["python", "-m", "billing"]\n',
    ),
    Setting(
        "netrc",
        ".netrc",
        "machine ci.acme-corp.net\n  login maria\n\nmachine %(host)s\n  login deploy\n"
        "  password %(SECRET)s\n",
        fits=_value,
    ),
    Setting(
        "toml",
        "config/settings.toml",
        '[service]\nname = "billing"\n\n[%(slug)s]\nurl = "https://%(host)s"\n'
        '%(var)s = "%(SECRET)s"\nretries = 3\n',
        _in_json,
        _anything,
    ),
    Setting(
        "properties",
        "src/main/resources/application.properties",
        "server.port=8080\n%(slug)s.url=https://%(host)s\n%(slug)s.%(dashed)s=%(SECRET)s\n",
    ),
    Setting(
        "python",
        "src/billing/client.py",
        'import httpx\n\nBASE = "https://%(host)s"\n%(VAR)s = "%(SECRET)s"\n\n\n'
        "def client() -> httpx.Client:\n    return httpx.Client(base_url=BASE, timeout=30)\n",
    ),
    Setting(
        "python",
        "src/billing/client.py",
        'import httpx\n\n%(VAR)s = """%(SECRET)s\n"""\n\nBASE = "https://%(host)s"\n',
        fits=_block,
    ),
    Setting(
        "javascript",
        "src/client.js",
        'import { connect } from "./http.js";\n\nconst client = connect("https://%(host)s", {\n'
        "  %(camel)s: '%(SECRET)s',\n  retries: 3,\n});\n\nexport default client;\n",
    ),
    Setting(
        "go",
        "internal/client/client.go",
        'package client\n\nimport "net/http"\n\nconst (\n\tbaseURL = "https://%(host)s"\n'
        '\t%(camel)s = "%(SECRET)s"\n)\n\nvar shared = &http.Client{}\n',
    ),
    Setting(
        "go",
        "internal/client/client.go",
        "package client\n\nvar %(camel)s = []byte(`%(SECRET)s`)\n",
        fits=_block,
    ),
    Setting(
        "terraform",
        "infra/main.tf",
        'terraform {\n  required_version = ">= 1.9"\n}\n\nprovider "%(slug)s" {\n'
        '  endpoint = "https://%(host)s"\n  %(var)s    = "%(SECRET)s"\n}\n',
    ),
    Setting(
        "terraform",
        "infra/main.tf",
        'provider "%(slug)s" {\n  %(var)s = <<EOT\n%(SECRET)s\nEOT\n}\n',
        fits=_block,
    ),
    Setting(
        "notebook",
        "analysis/usage.ipynb",
        '{\n "cells": [\n  {\n   "cell_type": "code",\n   "execution_count": 3,\n'
        '   "metadata": {},\n   "outputs": [],\n   "source": [\n    "import os\\n",\n'
        '    "os.environ[\\"%(VAR)s\\"] = \\"%(SECRET)s\\"\\n",\n'
        '    "rows = fetch(\\"https://%(host)s\\")"\n   ]\n  }\n ],\n "metadata": {},\n'
        ' "nbformat": 4,\n "nbformat_minor": 5\n}\n',
        _in_json,
    ),
    Setting(
        "log",
        "logs/worker.log",
        "2026-11-20T07:41:11.902Z INFO  worker: started, 4 threads\n"
        "2026-11-20T07:41:12.318Z DEBUG http: GET https://%(host)s/v1/items headers="
        "{'User-Agent': 'sync/2.3', 'Authorization': 'Bearer %(SECRET)s'} timeout=30\n"
        "2026-11-20T07:41:12.640Z DEBUG http: 200 OK, 8123 bytes\n",
        fits=_value,
    ),
    Setting(
        "base64-env",
        ".gitlab-ci.yml",
        "deploy:\n  stage: deploy\n  variables:\n    DOTENV_BASE64: %(SECRET)s\n"
        "  script:\n    - echo $DOTENV_BASE64 | base64 -d > .env\n    - ./deploy.sh\n",
        _base64_of_env,
    ),
    Setting(
        "utf-16",
        "scripts/deploy.ps1",
        '\ufeff$ErrorActionPreference = "Stop"\n$env:BASE_URL = "https://%(host)s"\n'
        '$env:%(VAR)s = "%(SECRET)s"\n./release.ps1 -Region eu\n',
        fits=_anything,
        encoding="utf-16-le",
    ),
    Setting("own-file", "keys/deploy.pem", "%(SECRET)s\n", fits=_block),
)
"""Every fitting setting gets every token; settings that differ only in their fit share an id."""
