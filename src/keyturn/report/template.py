"""Renders the Jinja2 templates to Markdown; whatever they print is escaped by default.

It must never hand out an environment in which text from outside could become markup or code.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from keyturn.report import escape


class Markdown(str):
    """Text that is Markdown on purpose and is not escaped again."""

    __slots__ = ()


def render(name: str, **values: Any) -> str:
    """Return the text of one template of `keyturn.report`, without blank lines around it."""
    return _environment().get_template(name).render(values).strip()


def code(text: object) -> Markdown:
    """Return untrusted text as a code span."""
    return Markdown(escape.code(str(text)))


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("keyturn.report"),
        undefined=StrictUndefined,
        autoescape=False,  # it would escape for HTML; `finalize` does for Markdown
        finalize=lambda value: (
            value if isinstance(value, Markdown) else escape.markdown(str(value))
        ),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = code
    environment.filters["verbatim"] = Markdown  # inside a block of code, where nothing is escaped
    return environment
