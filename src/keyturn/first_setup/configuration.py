"""PURE: a draft -> the text of a first keyturn.yml, which is accepted as it is written.

What a person has to complete stands there commented out. Names of secrets, environments and files
are other people's words: they are quoted, and inert in comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from keyturn.first_setup.draft import DECLARED, Draft, Entry, Found
from keyturn.model import Level
from keyturn.plain import plain

GITHUB_API = "https://api.github.com"

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_LATER = "YYYY-MM-DD"

_HEAD = """\
# What keyturn watches in %s. `keyturn init` drafted it from the workflows; nothing here was
# confirmed by whoever issued the tokens. `keyturn config check` names every mistake with its line.
version: 1

# defaults:
#   owners: ["@YOU"] # who is told in the issues
"""
_COMPLETE = """\
# keyturn asks about these: the workflow hands it their values, from the variables named here.
tokens:
"""
_INCOMPLETE = """\
# To confirm and to complete: take `# ` away in front of an entry, and fill in what stands for
# YYYY-MM-DD, ORGANIZATION and the like. Where no provider tells, the date is what its issuer shows.
# A token that never dies has, in place of `expires:`, the line
#   never-expires: { by: "@YOU", because: "REASON" }
"""
_SETTINGS = """\
# No credential, as far as names and uses tell. A variable would do: it never expires, and people
# can read it. In the workflow `secrets.NAME` becomes `vars.NAME`.
"""


def render_config(draft: Draft, *, api_url: str = GITHUB_API) -> str:
    """Return the file's text. `api_url`: of the GitHub whose tokens the workflows use."""
    blocks = [_HEAD % _comment(draft.repository)]
    complete = [entry for entry in draft.entries if entry.complete]
    rest = [entry for entry in draft.entries if not entry.complete]
    if complete:
        entries = ["\n".join(_render_entry(entry, api_url)) + "\n" for entry in complete]
        blocks.append(_COMPLETE + "".join(entries))
    if rest:
        lines = [] if complete else ["tokens:"]
        lines += [line for entry in rest for line in _render_entry(entry, api_url)]
        blocks.append(_INCOMPLETE + "".join(f"# {line}\n" for line in lines))
    if draft.settings:
        blocks.append(_SETTINGS + "".join(f"#   {_describe(each)}\n" for each in draft.settings))
    if draft.missing:
        blocks.append(_list("Read by workflows, and stored nowhere:", draft.missing))
    if draft.unused:
        names = [str(ref) for ref in draft.unused]
        blocks.append(_list("Stored, and read by no workflow:", names))
    return "\n".join(blocks)


def _list(title: str, names: Sequence[str]) -> str:
    return f"# {title}\n" + "".join(f"#   {_comment(name)}\n" for name in names)


def _render_entry(entry: Entry, api_url: str) -> Iterator[str]:
    for found in entry.found:
        yield f"  # {_describe(found)}"
    yield f"  - id: {scalar(entry.id)}"
    yield f"    provider: {entry.provider}"
    yield from (f"    {line}" for line in _render_options(entry, api_url))
    parts = len(entry.found) > 1 and entry.provider != DECLARED
    secrets = [_render_secret(found, parts=parts) for found in entry.found]
    yield f"    secrets: [{', '.join(secrets)}]" if len(secrets) == 1 else "    secrets:"
    yield from (f"      - {secret}" for secret in secrets if len(secrets) > 1)


def _render_options(entry: Entry, api_url: str) -> Iterator[str]:
    """Yield what a provider needs to know, with capitals for what only a person can tell."""
    match entry.provider:
        case "github" if api_url != GITHUB_API:
            yield f"with: {{ url: {_quoted(api_url)} }}"
        case "gitlab":
            yield "with: { url: https://gitlab.com } # or the server that it is of"
        case "azure-devops":
            yield "with: { organization: ORGANIZATION }"
        case "sailpoint":
            yield "with: { url: https://TENANT.api.identitynow.com }"
    if entry.provider != DECLARED:
        later = "" if entry.complete else " # to be given to the step that runs keyturn"
        yield f"value: {_render_variables(entry)}{later}"
    if entry.provider == "synoptic":
        yield "credential: PRIVATE_KEY_VARIABLE"
    if entry.provider in (DECLARED, "synoptic"):
        yield f"expires: {_LATER}"


def _render_variables(entry: Entry) -> str:
    if len(entry.found) == 1:
        return scalar(entry.found[0].ref.name)
    parts = ", ".join(f"{each.guess.part}: {scalar(each.ref.name)}" for each in entry.found)
    return f"{{ {parts} }}"


def _render_secret(found: Found, *, parts: bool) -> str:
    scope = found.ref.scope
    keys = {}
    if found.ref.level is Level.ENVIRONMENT:
        keys["environment"] = _quoted(scope.environment)
    elif found.ref.level is Level.ORGANIZATION:
        keys["organization"] = _quoted(scope.owner)
    keys["name"] = scalar(found.ref.name)
    if parts and found.guess.part:
        keys["part"] = found.guess.part
    if len(keys) == 1:
        return keys["name"]
    return "{ " + ", ".join(f"{key}: {value}" for key, value in keys.items()) + " }"


def _describe(found: Found) -> str:
    guess = found.guess
    what = "" if guess.kind == "setting" else f"{guess.issuer or 'a credential'}, "
    place = f" ({found.place.path}:{found.place.line})" if found.place else ""
    doubt = "; it may be a secret of the job's environment" if found.doubtful else ""
    return _comment(f"{found.ref.name}: {what}{guess.sure}: {guess.why}{place}{doubt}")


def scalar(text: str) -> str:
    """Return text as YAML, plain where every reader of YAML takes it for a text."""
    safe = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED
    return text if safe else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    return char if " " <= char <= "~" else f"\\U{ord(char):08x}"


def _comment(text: str) -> str:
    """Return text that ends no comment and that every reader of YAML lets pass."""
    return plain(text).encode("ascii", "backslashreplace").decode()
