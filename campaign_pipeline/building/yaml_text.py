"""The YAML that a brief is written in: JSON's values, comfortable to write, with nothing hidden.

Belongs here: reading such text into plain values, each refusal with its line and column.
Does not belong here: which keys a brief has (model.brief) or where its file lies (building.brief_file).

Values are those of the YAML 1.2 core schema: only true and false are booleans, numbers are decimal, dates stay text.
Tags, anchors and aliases are refused: a brief needs none, and with them a small file can stand for a huge one.
"""

import math
import re
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML built without libyaml reads the same, slower
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_DEPTH = 40
MAX_EXACT_INTEGER_DIGITS = 15

_WHOLE = r"(?:0|[1-9][0-9]*)"
_FLOAT = rf"[-+]?(?:{_WHOLE}\.[0-9]*|\.[0-9]+|{_WHOLE}(?:\.[0-9]*)?[eE][-+]?[0-9]+)"
_NOT_FINITE = r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"

_IMPLICIT: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("null", "~|null|Null|NULL|", ("~", "n", "N", "")),
    ("bool", "true|True|TRUE|false|False|FALSE", tuple("tTfF")),
    ("int", f"[-+]?{_WHOLE}", tuple("-+0123456789")),
    ("float", f"{_FLOAT}|{_NOT_FINITE}", tuple("-+.0123456789")),
)
"""What a plain scalar can mean: the kind, how it is spelled, and its first characters."""


class _Mark(Protocol):
    """A place in the text, counted from zero, as either of PyYAML's parsers gives it."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class YamlRefusedError(ValueError):
    """Text that is no YAML of the kind a brief is written in; says where and why."""

    def __init__(self, problem: str, mark: _Mark | None) -> None:
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        super().__init__(place + problem)


def read_yaml(text: str) -> Any:
    """Read one YAML document into dicts with text keys, lists, texts, numbers, booleans and None.

    Raises:
        YamlRefusedError: The text does not parse, or holds what a brief may not.
    """
    try:
        _refuse_hidden_things(text)
        return yaml.load(text, Loader=_BriefLoader)  # noqa: S506 - a SafeLoader that can do less still
    except yaml.MarkedYAMLError as error:
        raise YamlRefusedError(error.problem or "this is not YAML", error.problem_mark) from None
    except yaml.YAMLError as error:
        raise YamlRefusedError(str(error).splitlines()[0], None) from None


def _refuse_hidden_things(text: str) -> None:
    """Look at the bare events first: nothing is built yet, and nesting costs no stack."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        problem = _hidden(event)
        if depth > MAX_DEPTH:
            problem = f"nested more than {MAX_DEPTH} deep; a flatter brief is expected"
        if documents > 1:
            problem = "a second document begins; one document is expected"
        if problem is not None:
            raise YamlRefusedError(problem, event.start_mark)


def _hidden(event: yaml.Event) -> str | None:
    if isinstance(event, yaml.AliasEvent):
        return f"alias *{str(event.anchor)[:40]} found; the value itself is expected"
    if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
        return f"anchor &{event.anchor[:40]} found; a value without an anchor is expected"
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None:
        return f"tag {event.tag[:60]} found; a plain value without a tag is expected"
    return None


class _BriefLoader(_Loader):
    """Resolves the core schema only and refuses what JSON could not carry."""

    yaml_constructors: ClassVar[dict[str | None, Callable[..., Any]]] = {}


def _mapping(loader: _BriefLoader, node: yaml.MappingNode) -> dict[str, Any]:
    built: dict[str, Any] = {}
    first_seen: dict[str, _Mark] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            kind = "this key is not text; a name is expected, in quotes where it looks like something else"
            raise YamlRefusedError(kind, key_node.start_mark)
        if key in built:
            line = first_seen[key].line + 1
            raise YamlRefusedError(
                f"key {key[:60]!r} is written twice, first in line {line}", key_node.start_mark
            )
        first_seen[key] = key_node.start_mark
        built[key] = loader.construct_object(value_node, deep=True)
    return built


def _sequence(loader: _BriefLoader, node: yaml.SequenceNode) -> list[Any]:
    return [loader.construct_object(item, deep=True) for item in node.value]


def _text(_: _BriefLoader, node: yaml.ScalarNode) -> str:
    return str(node.value)


def _integer(_: _BriefLoader, node: yaml.ScalarNode) -> int:
    if len(node.value.lstrip("+-")) > MAX_EXACT_INTEGER_DIGITS:
        problem = (
            f"a whole number of more than {MAX_EXACT_INTEGER_DIGITS} digits; put it in quotes to mean text"
        )
        raise YamlRefusedError(problem, node.start_mark)
    return int(node.value)


def _number(_: _BriefLoader, node: yaml.ScalarNode) -> float:
    text = node.value.lower()
    number = math.nan if text.endswith(("inf", "nan")) else float(text)
    if not math.isfinite(number):
        raise YamlRefusedError(f"{node.value[:40]} found; a finite number is expected", node.start_mark)
    return number


_BriefLoader.yaml_implicit_resolvers = {}  # not YAML 1.1's, with its many ways to say yes
for _name, _regex, _first_characters in _IMPLICIT:
    _BriefLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}",
        re.compile(f"^(?:{_regex})$"),
        list(_first_characters),
    )
_BriefLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
_BriefLoader.add_constructor("tag:yaml.org,2002:seq", _sequence)
_BriefLoader.add_constructor("tag:yaml.org,2002:str", _text)
_BriefLoader.add_constructor("tag:yaml.org,2002:int", _integer)
_BriefLoader.add_constructor("tag:yaml.org,2002:float", _number)
_BriefLoader.add_constructor("tag:yaml.org,2002:null", lambda _loader, _node: None)
_BriefLoader.add_constructor(
    "tag:yaml.org,2002:bool", lambda _loader, node: str(node.value).lower() == "true"
)
