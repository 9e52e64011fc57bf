"""talk.toml read into its model: every mistake in it is one line that says where it is and what would be right."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model

from talk_assets.config.messages import Location, one_line
from talk_assets.config.talk_file import SystemSection, TalkFile, model, options, registered
from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.access import CREDENTIALS
from talk_assets.systems import SYSTEMS

Toml = dict[str, Any]
"""A table of the file, as it stands there."""


def parse(file: Path) -> Toml:
    """Return what the file holds, nothing where it is not there; raise ConfigurationError if it is no TOML."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        message = f"{file}: is not TOML: {error}. Correct that line."
        raise ConfigurationError(message) from error
    except UnicodeDecodeError as error:
        message = f"{file}: is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        raise ConfigurationError(message) from error
    except OSError as error:
        message = f"{file}: cannot be read ({error.strerror}). It must be a readable file."
        raise ConfigurationError(message) from error


def checked(file: Path, values: Toml) -> TalkFile:
    """Return the model of what the file holds; raise ConfigurationError for the first mistake."""
    _refuse_credentials(file, values)
    try:
        return _brief(registered()).model_validate(values)
    except ValidationError:
        # It is wrong, or it says how an API is used. Only the model of everything can tell, and takes its time.
        from talk_assets.config.profile_file import talk_model  # noqa: PLC0415

        whole = talk_model()
    try:
        return whole.model_validate(values)
    except ValidationError as error:
        from talk_assets.config.json_schema import expanded  # noqa: PLC0415 -- only a message needs it

        raise one_line(error, file, whole, expanded()) from None


@lru_cache(maxsize=2)
def _brief(_: tuple[tuple[str, int], ...]) -> type[TalkFile]:
    """The model of a file that says nothing of how an API is used."""
    sections = {
        name: create_model(name, __base__=SystemSection, **options(known)) if known.options else SystemSection
        for name, known in SYSTEMS.items()
    }
    return model("talk.toml", sections)


def _refuse_credentials(file: Path, values: Toml) -> None:
    """A credential in the file gets its own words, which do not repeat it."""
    systems = values.get("systems")
    for name, known in SYSTEMS.items():
        section = systems.get(name) if isinstance(systems, dict) else None
        if not isinstance(section, dict):
            continue
        secret = {*known.credentials, *(CREDENTIALS if known.profile else ())}
        for place, value in _texts(Location(file, ("systems", name)), section, deep=known.profile is not None):
            if place.path[-1] in secret and value is not None:
                message = (
                    f"{place}: credentials do not belong in a file. Remove it, and set"
                    f" {known.variable(place.path[-1])} in the environment."
                )
                raise CredentialsError(message)


def _texts(place: Location, section: Mapping[str, Any], *, deep: bool) -> Iterator[tuple[Location, str]]:
    """Every text in a section, `deep` also below it: a credential may have been put among the parameters."""
    for key, value in section.items():
        if isinstance(value, str):
            yield place / key, value
        elif deep and isinstance(value, dict):
            yield from _texts(place / key, value, deep=True)
