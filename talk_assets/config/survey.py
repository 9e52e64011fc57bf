"""What is in effect on a data folder, key by key, and where each value is from: for `talk config show`.

It reads talk.toml and the environment, and nothing else. No secret gets in here: of a variable only its name and
whether it is set, and of a key that looks like one the word `hidden`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talk_assets.config.automation import ALERT_URL
from talk_assets.config.configuration import FILE, Setup, set_up
from talk_assets.config.reading import Toml
from talk_assets.config.values import effective, leaves
from talk_assets.errors import CredentialsError
from talk_assets.http.grants import SECRET_KEY
from talk_assets.systems import SYSTEMS

DEFAULT = "default"
FOLDER = "DAGSTER_HOME"
HIDDEN = "(hidden: it may be a secret)"
SECRET = re.compile(r"key$|token|secret|passw|credential|signature|^(auth|authorization|pwd|code)$", re.IGNORECASE)
"""Names of parameters and of properties that APIs give to secrets."""

SECRET_IN_URL = re.compile(r"[?&;][^=&;]*(key|token|secret|passw|auth|sig|code|pwd)[^=&;]*=|//[^/]*@", re.IGNORECASE)
"""A path or an address with a parameter of such a name, or with a password before the host."""

FREE = frozenset({"params", "new", "archived"})
"""Keys whose section holds what an API calls its own, where people may have put a secret."""

SHALLOW = 3
"""A key with no more parts than these is shown, whatever it holds: `systems.webcrm.rate`."""


@dataclass(frozen=True)
class Row:
    """A key by its path and what it holds, None for nothing; `source` is `talk.toml` or `default`."""

    path: tuple[str, ...]
    value: Any
    source: str

    @property
    def is_usual(self) -> bool:
        """Whether it is a detail that nobody has set."""
        return self.source == DEFAULT and len(self.path) > SHALLOW


@dataclass(frozen=True)
class Variable:
    """An environment variable that is read: for which system, None for all, and whether it must be set and is."""

    name: str
    system: str | None
    is_set: bool
    is_needed: bool

    @property
    def is_missing(self) -> bool:
        """Whether the sync cannot start without it."""
        return self.is_needed and not self.is_set


@dataclass(frozen=True)
class Survey:
    """All of it. `problems` say what is wrong with the environment, a line each.

    `emulated` are the systems that the sandbox serves; `folder_from` is `DAGSTER_HOME` or `default`.
    """

    file: Path
    folder_from: str
    rows: Sequence[Row]
    variables: Sequence[Variable]
    problems: Sequence[str]
    emulated: frozenset[str]


def survey(folder: Path, environ: Mapping[str, str]) -> Survey:
    """Return what is in effect; raise ConfigurationError for a mistake in the file."""
    problems: list[CredentialsError] = []
    setup = set_up(folder, environ, problems.append)
    rows = [
        Row(leaf.path, _shown(leaf.path, leaf.value), FILE if _is_set(setup.values, leaf.path) else DEFAULT)
        for leaf in leaves(effective(setup))
    ]
    return Survey(
        folder / FILE,
        FOLDER if environ.get(FOLDER) else DEFAULT,
        rows,
        tuple(_variables(setup, environ)),
        tuple(str(problem) for problem in problems),
        frozenset(name for name, settings in setup.config.systems.items() if settings.sandbox),
    )


def _is_set(values: Toml, path: tuple[str, ...]) -> bool:
    """Whether the file says something under a path; a section that is `false` says so of all its keys."""
    at: Any = values
    for key in path:
        if not isinstance(at, dict):
            return True
        if key not in at:
            return False
        at = at[key]
    return True


def _shown(path: tuple[str, ...], value: object) -> object:
    if isinstance(value, dict):
        hiding = path[-1] in FREE
        return {
            key: HIDDEN if hiding and SECRET.search(key) else _shown(path if hiding else (*path, key), one)
            for key, one in value.items()
        }
    return HIDDEN if isinstance(value, str) and SECRET_IN_URL.search(value) else value


def _variables(setup: Setup, environ: Mapping[str, str]) -> Iterator[Variable]:
    for name, known in SYSTEMS.items():
        profile, settings = setup.profiles.get(name), setup.config.systems.get(name)
        needed = settings is not None and not settings.sandbox
        for credential in profile.access.credentials if profile else known.credentials:
            variable = known.variable(credential)
            yield Variable(variable, name, bool(environ.get(variable, "").strip()), needed)
    for variable in (ALERT_URL, SECRET_KEY):
        yield Variable(variable, None, bool(environ.get(variable, "").strip()), is_needed=False)
