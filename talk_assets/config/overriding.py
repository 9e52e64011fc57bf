"""Values of dataclasses with what a section of a configuration file says of them: every key is a field of the class.

What a value may be follows from the field's type; which values go together is checked by whoever asks.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from enum import StrEnum
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from talk_assets.config.sections import Section, suggestion

T = TypeVar("T")
MOST = 1_000_000


def overridden(said: Section, default: T, *, leave: tuple[str, ...] = ()) -> T:
    """Return the value with the fields that the section names; those in `leave` are not for the file.

    Raise ConfigurationError for a key that is no field, and for a value that is not of the field's type. A field that
    may be nothing is told so by `false`; one that names a property takes its name alone, or a section.
    """
    hints = get_type_hints(type(default))
    names = [one.name for one in fields(default) if one.name not in leave]  # type: ignore[arg-type]
    said.only(*names)
    found = {name: _value(said, name, hints[name], getattr(default, name)) for name in names if name in said.values}
    return replace(default, **found)  # type: ignore[type-var]


def blank(cls: type[T]) -> T:
    """Return a value of which nothing is said but its defaults."""
    hints = get_type_hints(cls)
    needed = [one for one in fields(cls) if one.default is MISSING and one.default_factory is MISSING]  # type: ignore[arg-type]
    return cls(**{one.name: {} if get_origin(hints[one.name]) is not None else "" for one in needed})


def _value(said: Section, key: str, hint: Any, default: object) -> object:  # noqa: ANN401 -- a type
    if NoneType in get_args(hint):
        if said.values[key] is False:
            return None
        (hint,) = (one for one in get_args(hint) if one is not NoneType)
    if isinstance(hint, type) and is_dataclass(hint):
        return _nested(said, key, hint, default)
    return _several(said, key, hint) if get_origin(hint) is not None else _single(said, key, hint)


def _single(said: Section, key: str, hint: type[Any]) -> object:
    if issubclass(hint, StrEnum):
        return said.choice(key, hint)
    if hint is bool:
        return said.flag(key, default=False)
    if hint is int:
        return said.whole(key, 0, low=0, high=MOST)
    return said.number(key) if hint is float else said.maybe_empty(key)


def _nested(said: Section, key: str, cls: type[Any], default: object) -> object:
    start = default if default is not None else blank(cls)
    value = said.values[key]
    if isinstance(value, str) and value and "property" in {one.name for one in fields(cls)}:
        return replace(start, property=value)  # type: ignore[type-var]
    return overridden(said.section(key), start)


def _several(said: Section, key: str, hint: Any) -> object:  # noqa: ANN401 -- a type
    origin = get_origin(hint)
    if origin is Literal:
        return _one_of(said, key, get_args(hint))
    if origin is tuple:
        return said.names(key)
    return said.texts(key) if get_args(hint) == (str, str) else _table(said, key)


def _one_of(said: Section, key: str, choices: tuple[str, ...]) -> str:
    value = said.values[key]
    if isinstance(value, str) and value in choices:
        return value
    likely = suggestion(str(value), choices)
    raise said.wrong(key, value, " or ".join(f'"{choice}"' for choice in choices) + likely)


def _table(said: Section, key: str) -> Mapping[str, object]:
    return dict(said.section(key).values)
