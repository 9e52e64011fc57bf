"""talk.toml with all that may be said of how a system's API is used: the model of the whole file.

Most files say nothing of that, and are read without this module: to build the model of everything takes a while, and
a quick command is to stay quick.
"""

from functools import lru_cache
from typing import Any

from pydantic import create_model

from talk_assets.config.api_sections import Api, Collection
from talk_assets.config.lens_sections import FIELDS, article
from talk_assets.config.section import Section
from talk_assets.config.talk_file import SystemSection, TalkFile, model, optional, options, registered
from talk_assets.systems import SYSTEMS, Registered


class ProfiledSystem(Api, SystemSection):
    """What may be set of a system that has a profile; its `collections` are known by their names."""

    collections: Section | None = None


class _Collections(Section):
    noun = "collection"


_OF_ENTITY = {
    entity: create_model(
        f"{entity}_collection",
        __base__=Collection,
        fields=optional(section, f"The property behind each field of {article(entity)}."),
    )
    for entity, section in FIELDS.items()
}


def _system(known: Registered) -> type[SystemSection]:
    keys: dict[str, Any] = options(known)
    if known.profile is None:
        return create_model(known.name, __base__=SystemSection, **keys)
    collections = {
        one.name: optional(_OF_ENTITY[one.entity.name], f"{one.name}: a collection of {one.entity.name} records.")
        for one in known.profile.collections
    }
    inner = create_model(f"{known.name}_collections", __base__=_Collections, **collections)
    keys["collections"] = optional(inner, f"The collections of {known.label}.")
    return create_model(known.name, __base__=ProfiledSystem, **keys)


def talk_model() -> type[TalkFile]:
    """Return the model of talk.toml with every system, collection, dataflow and pair that there is."""
    return _model(registered())


@lru_cache(maxsize=2)
def _model(_: tuple[tuple[str, int], ...]) -> type[TalkFile]:
    return model("talk.toml", {name: _system(known) for name, known in SYSTEMS.items()})
