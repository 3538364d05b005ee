"""Tuples with named fields for what the hook loads at its start.

Importing `typing` costs more than the rest of a small scan; `typing.NamedTuple` is therefore only
what type checkers see. The substitute has what is used here: fields, defaults, `_replace`.
"""

from __future__ import annotations

__all__ = ["Record"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as Record
else:
    from _operator import itemgetter

    class _Fields(type):
        def __new__(meta, name, bases, space):
            if not bases:
                return super().__new__(meta, name, (tuple,), space)
            # From Python 3.14 on they stand here below `from __future__ import annotations` only.
            fields = tuple(space["__annotations__"])
            defaults = {field: space.pop(field) for field in fields if field in space}
            given = ", ".join(f"{f}=_d[{f!r}]" if f in defaults else f for f in fields)
            code = f"lambda cls, {given}: _new(cls, ({', '.join(fields)},))"
            space["__new__"] = eval(code, {"_d": defaults, "_new": tuple.__new__})  # noqa: S307
            space |= {field: property(itemgetter(i)) for i, field in enumerate(fields)}
            return super().__new__(meta, name, bases, space | {"__slots__": (), "_fields": fields})

    class Record(metaclass=_Fields):
        """A tuple whose fields are the annotations of its class."""

        __slots__ = ()

        def _replace(self, **changes):
            """Return a copy in which some fields are others."""
            return type(self)(**(dict(zip(self._fields, self, strict=True)) | changes))

        def __repr__(self):
            """Return the fields with their names, as a named tuple does."""
            pairs = zip(self._fields, self, strict=True)
            return f"{type(self).__name__}({', '.join(f'{f}={v!r}' for f, v in pairs)})"
