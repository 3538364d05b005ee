"""The JSON Schema of keyturn.yml, from the same models that judge the file; it reads no file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from keyturn.config.models import ConfigFile

if TYPE_CHECKING:
    from keyturn.config import Providers


class _Generator(GenerateJsonSchema):
    """Leaves out what says nothing to a person, and `null`, which the file may not hold."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        described = super().dict_schema(schema)
        if "patternProperties" in described:
            described["additionalProperties"] = False
        return described


def build(providers: Providers) -> dict[str, Any]:
    """Return the schema, with the options of every provider under its name."""
    schema = ConfigFile.model_json_schema(schema_generator=_Generator)
    definitions = schema["$defs"]
    token = definitions["TokenEntry"]
    names = sorted(providers.names())
    token["properties"]["provider"]["enum"] = names
    token["allOf"] = []
    for name in names:
        model = providers.load(name).options_model()
        options = model.model_json_schema(
            schema_generator=_Generator, ref_template=f"#/$defs/{name}.{{model}}"
        )
        for inner, definition in options.pop("$defs", {}).items():
            definitions[f"{name}.{inner}"] = definition
        definitions[name] = options
        then: dict[str, Any] = {"properties": {"with": {"$ref": f"#/$defs/{name}"}}}
        if options.get("required"):
            then["required"] = ["with"]
        is_provider = {"properties": {"provider": {"const": name}}, "required": ["provider"]}
        token["allOf"].append({"if": is_provider, "then": then})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "keyturn.yml",
    }
