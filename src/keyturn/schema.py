"""Building blocks of the configuration's models, shared by `config` and the providers.

Nothing here reads a file; messages never quote the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema

from keyturn.instants import parse_instant
from keyturn.parse import parse_base_url, parse_duration


class Strict(BaseModel):
    """A model that refuses unknown keys and wrong types, and never quotes its input."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        use_attribute_docstrings=True,  # the JSON Schema shows them to editors
    )


def revise(
    model: type[Strict], options: Mapping[str, Any], **changes: Any
) -> dict[str, Any] | None:
    """Return validated options with changes; None where the model does not take them."""
    try:
        return model.model_validate({**options, **changes}).model_dump()
    except ValidationError:
        return None


def _text_schema(pattern: str, description: str) -> Any:
    return WithJsonSchema({"type": "string", "pattern": pattern, "description": description})


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    _text_schema("^[1-9][0-9]{0,5}[mhdw]$", "A whole number and m, h, d or w."),
]
Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    _text_schema(r"^\d{4}-\d{2}-\d{2}([T ].*)?$", "A date (00:00 UTC) or an ISO 8601 instant."),
]
BaseUrl = Annotated[
    str, BeforeValidator(parse_base_url), _text_schema("^https?://", "https, or http on loopback.")
]
