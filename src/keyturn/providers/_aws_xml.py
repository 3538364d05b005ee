"""Reads the XML of AWS's Query APIs into plain dictionaries, lists and texts.

It takes no document type, so no entity but XML's own five, and does not say what it read.
"""

from __future__ import annotations

from typing import Any, NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

_DEEPEST = 20


def read_xml(body: bytes) -> dict[str, Any]:
    """Return the root's name -> its content. Raises ValueError for everything unusual.

    What holds elements is a dictionary, or a list where they are called `member`; all else is text.
    """
    reader = _Reader()
    parser = ParserCreate("utf-8")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body, True)
    except ExpatError as error:
        raise ValueError("not XML") from error
    ((name, content),) = reader.elements[0]
    return {name: content}


def _refuse_doctype(*_declared: object) -> NoReturn:
    raise ValueError("a document type")


class _Reader:
    """What is open at one moment of the reading."""

    def __init__(self) -> None:
        self.elements: list[list[tuple[str, Any]]] = [[]]
        self.texts: list[list[str]] = [[]]

    def start(self, _name: str, _attributes: dict[str, str]) -> None:
        if len(self.elements) > _DEEPEST:
            raise ValueError("too deep")
        self.elements.append([])
        self.texts.append([])

    def text(self, text: str) -> None:
        self.texts[-1].append(text)

    def end(self, name: str) -> None:
        content = _join(self.elements.pop(), "".join(self.texts.pop()))
        self.elements[-1].append((name, content))


def _join(elements: list[tuple[str, Any]], text: str) -> Any:
    if not elements:
        return text
    if text.strip():
        raise ValueError("text between elements")
    if all(name == "member" for name, _ in elements):
        return [content for _, content in elements]
    if len({name for name, _ in elements}) < len(elements):
        raise ValueError("an element twice")
    return dict(elements)
