"""Which providers there are, and how one is loaded; every module here not starting with `_` is one.

It must not import a provider before it is asked for by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from keyturn.interfaces import Provider

if TYPE_CHECKING:
    from keyturn.model import Token
    from keyturn.transport import Transport


@cache
def names() -> tuple[str, ...]:
    """Return the providers' names, sorted, without importing any."""
    modules = (module.name for module in iter_modules(__path__))
    return tuple(sorted(name.replace("_", "-") for name in modules if not name.startswith("_")))


def load(name: str) -> type[Provider]:
    """Import one provider and return its class. Raises KeyError for a name not in `names()`."""
    if name not in names():
        raise KeyError(name)
    module = import_module(f"{__name__}.{name.replace('-', '_')}")
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Provider)
        and vars(value).get("name") == name
    )
    return found


def make_all(tokens: Iterable[Token], transport: Transport) -> dict[str, Provider]:
    """Return a provider for each name that the declarations have; none of them was asked yet."""
    return {name: load(name)(transport) for name in {token.provider for token in tokens}}
