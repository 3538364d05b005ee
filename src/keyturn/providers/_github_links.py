"""The addresses of GitHub's forms in which a person makes a token.

Nothing here asks, and no value is ever part of an address.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from keyturn.model import Token, TokenStatus
from keyturn.providers._github_options import GITHUB, Options

_SITE = "https://github.com"
# GitHub docs, managing-your-personal-access-tokens.md, "Pre-filling fine-grained personal access
# token details using URL parameters" (github.com only), 2026-11.
_LONGEST_NAME = 40
_LONGEST_LIFE = 366
_PERMISSION = re.compile(r"([a-z_]{1,60}):(read|write|admin)", re.ASCII)


def creation_link(token: Token, status: TokenStatus) -> str | None:
    """Return the form for a token like this; None for deploy keys and for other servers."""
    options = Options.model_validate(dict(token.options))
    if options.url != GITHUB or options.kind == "deploy-key":
        return None
    if options.kind == "personal" and status.scopes:
        # A classic token: GitHub documents no parameters for its form.
        return f"{_SITE}/settings/tokens/new"
    found = (_PERMISSION.fullmatch(scope) for scope in status.scopes)
    query = {match[1]: match[2] for match in found if match}
    name = _new_name(options.token or token.id, status)
    if len(name) <= _LONGEST_NAME:
        query["name"] = name
    if options.organization:
        query["target_name"] = options.organization
    lifetime = token.rotate.lifetime
    if lifetime:
        query["expires_in"] = str(min(max(lifetime.days, 1), _LONGEST_LIFE))
    filled = urlencode(query, quote_via=quote, errors="replace")
    return f"{_SITE}/settings/personal-access-tokens/new?{filled}"


def _new_name(name: str, status: TokenStatus) -> str:
    """Return a name under which the declared one is found, and that the old token has not.

    No two tokens of a person have one name; the date tells one life from the next.
    """
    return f"{name} kt-{status.expires_at:%Y%m%d}" if status.expires_at else name
