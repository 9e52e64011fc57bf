"""Objects that installed packages add to this one by entry points, after those that ship.

A group of entry points is declared where its objects are used: `systems` and `sandbox.registry`.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from talk_assets.errors import ConfigurationError

T = TypeVar("T")


class Plugins(MutableMapping[str, T]):
    """Objects by name: those that ship, then those of a group of entry points, sorted by name.

    Entry points are loaded on the first look, never at import: the packages that declare them import this one.
    `wrong` returns what is wrong with an object of that name, empty for nothing. Every look raises ConfigurationError
    as long as an entry point does not load, is wrong, or has a name that is taken.
    """

    def __init__(
        self, group: str, wanted: type[T], shipped: Mapping[str, T], wrong: Callable[[str, T], str] = lambda *_: ""
    ) -> None:
        self._group, self._wanted, self._shipped, self._wrong = group, wanted, shipped, wrong

    def __getitem__(self, name: str) -> T:
        return self._all[name]

    def __setitem__(self, name: str, value: T) -> None:
        self._all[name] = value

    def __delitem__(self, name: str) -> None:
        del self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> dict[str, T]:
        points: dict[str, EntryPoint] = {}
        for point in sorted(entry_points(group=self._group), key=lambda one: (one.name, _package(one))):
            if other := points.get(point.name):
                message = (
                    f"the packages {_package(other)} and {_package(point)}: both have an entry point"
                    f' "{point.name}" in {self._group}. Uninstall one of them.'
                )
                raise ConfigurationError(message)
            points[point.name] = point
        return dict(self._shipped) | {name: self._load(point) for name, point in points.items()}

    def _load(self, point: EntryPoint) -> T:
        """Loading runs code of another package: whatever it raises is that package's mistake."""
        if point.name in self._shipped:
            raise _mistake(self._group, point, "has a name that ships with talk-assets. Rename it")
        try:
            loaded = point.load()
        except Exception as error:
            what = f"cannot be loaded ({type(error).__name__}: {error}). Correct the package"
            raise _mistake(self._group, point, what) from error
        if not isinstance(loaded, self._wanted):
            what = f"is of type {type(loaded).__name__}, and should be a {self._wanted.__name__}. Correct the package"
            raise _mistake(self._group, point, what)
        if wrong := self._wrong(point.name, loaded):
            raise _mistake(self._group, point, f"{wrong}. Correct the package")
        return loaded


def _mistake(group: str, point: EntryPoint, what: str) -> ConfigurationError:
    return ConfigurationError(
        f'the package {_package(point)}: its entry point "{point.name}" in {group} {what}, or uninstall it.'
    )


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.module
