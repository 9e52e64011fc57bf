"""One section of a configuration file, read key by key; every mistake names file, key, what was found, what is right.

Only the reading of single values belongs here, never what a key means.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from talk_assets.errors import ConfigurationError

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True)
class Section:
    """The keys and `values` under `path` (`("systems", "webcrm")`) of `file`."""

    file: Path
    path: tuple[str, ...]
    values: Mapping[str, object]

    def place(self, key: str) -> str:
        """Return where a key is, for the start of a message."""
        return f"{self.file}: {'.'.join((*self.path, key))}"

    def only(self, *known: str, what: str = "key") -> None:
        """Raise ConfigurationError for any key but these; the value beside it is not shown, it may be a credential."""
        for key in self.values:
            if key not in known:
                message = (
                    f"{self.place(key)}: there is no such {what}{suggestion(key, known)}. Known are {', '.join(known)}."
                )
                raise ConfigurationError(message)

    def section(self, key: str) -> "Section":
        """Return the section under `key`, empty where there is none."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, value, f"a section, like [{'.'.join((*self.path, key))}]")
        return Section(self.file, (*self.path, key), value)

    def text(self, key: str) -> str | None:
        """Return a text that is not blank, or None where nothing is said."""
        value = self.values.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        raise self.wrong(key, value, "a text in quotes that is not empty")

    def maybe_empty(self, key: str) -> str:
        """Return a text, which may be empty."""
        value = self.values.get(key, "")
        if isinstance(value, str):
            return value
        raise self.wrong(key, value, "a text in quotes")

    def texts(self, key: str) -> Mapping[str, str]:
        """Return texts by name."""
        section = self.section(key)
        return {name: section.maybe_empty(name) for name in section.values}

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.values.get(key, [])
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise self.wrong(key, value, 'a list of texts, like ["one", "two"]')

    def number(self, key: str) -> float:
        """Return a number that is not negative."""
        value = self.values.get(key, 0)
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return float(value)
        raise self.wrong(key, value, "a number from 0")

    def share(self, key: str, default: float) -> float:
        """Return a number from 0 to 1."""
        value = self.values.get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        raise self.wrong(key, value, "a number from 0 to 1, like 0.2")

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        raise self.wrong(key, value, "true or false")

    def whole(self, key: str, default: int, *, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self.values.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise self.wrong(key, value, f"a whole number from {low} to {high}")

    def choice(self, key: str, choices: type[Choice]) -> Choice | None:
        """Return one of the choices, or None where nothing is said."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value in set(choices):
            return choices(value)
        likely = suggestion(str(value), [str(choice) for choice in choices])
        raise self.wrong(key, value, " or ".join(f'"{choice}"' for choice in choices) + likely)

    def wrong(self, key: str, found: object, right: str) -> ConfigurationError:
        """Return the error for a value that is not what it should be."""
        shown = {True: "true", False: "false"}.get(found, repr(found)) if isinstance(found, bool) else repr(found)
        return ConfigurationError(f"{self.place(key)}: is {shown:.80}, and should be {right}.")


def suggestion(found: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` where one of the known names is close, otherwise nothing."""
    close = get_close_matches(found, list(known), n=1, cutoff=0.7)
    return f"; did you mean {close[0]}?" if close else ""
