"""What holds for each key of talk.toml, as TOML has it: the defaults, a system's own among them, and what is in effect.

Values are plain: texts, numbers, true and false, lists and dicts, with `false` for none. A key without any value is
left out.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from enum import StrEnum
from typing import Any, get_origin

from talk_assets.config.api_sections import Api as ApiSection
from talk_assets.config.api_sections import Auth, Collection, Keyed, LineTotals
from talk_assets.config.configuration import Setup
from talk_assets.config.lens_sections import FULL_NAME, SECTION_OF
from talk_assets.config.messages import section_in
from talk_assets.config.profile_file import talk_model
from talk_assets.config.reading import Toml
from talk_assets.config.section import Section, blank
from talk_assets.config.talk_file import TalkFile, pair_name, rate_text
from talk_assets.http import shapes
from talk_assets.http.rest import Profile, RestCollection
from talk_assets.model.lens.properties import Property
from talk_assets.systems import SYSTEMS, Registered, SystemSettings, all_dataflows

GENERAL = tuple(name for name in TalkFile.model_fields if name not in {"systems", "dataflows"})
API = tuple(name for name in ApiSection.model_fields if name not in {"auth", "keyed", "line_totals"})


@dataclass(frozen=True)
class Leaf:
    """A key that holds a value, by the keys that lead to it; None where it is not set and has no default."""

    path: tuple[str, ...]
    value: Any


def defaults() -> Toml:
    """Return the defaults. Keys whose default depends on other things (a mode, a sandbox's address) are left out."""
    general = _dumped(TalkFile())
    systems = {name: _system(known, known.profile) for name, known in SYSTEMS.items()}
    dataflows = {
        one.name: {
            "enabled": True,
            "pairs": {pair_name(pair): {"enabled": True, "on_delete": str(pair.on_delete)} for pair in one.pairs},
        }
        for one in all_dataflows()
    }
    return {**general, "systems": systems, "dataflows": dataflows}


def effective(setup: Setup) -> Toml:
    """Return what is in effect. The profile of a system is the one that is configured, also while it waits."""
    file, config = setup.file, setup.config
    general = _dumped(file)
    general["automation"]["enabled"] = config.automation.enabled
    systems = {}
    for name, known in SYSTEMS.items():
        said = file.system(name)
        found = _system(known, setup.profiles.get(name), config.systems.get(name))
        set_ = {"enabled": said.enabled, "base_url": said.base_url, "rate": said.rate}
        systems[name] = found | {key: value for key, value in set_.items() if value is not None}
    return {**general, "systems": systems, "dataflows": dict(_dataflows(setup))}


def _dataflows(setup: Setup) -> Iterator[tuple[str, Toml]]:
    modes = {one.name: one.mode for one in setup.config.dataflows}
    for one in all_dataflows():
        said = setup.file.dataflow(one.name)
        found: Toml = {"enabled": said.enabled}
        if mode := said.mode or modes.get(one.name):
            found["mode"] = str(mode)
        if said.start_date:
            found["start_date"] = said.start_date.isoformat()
        sections = ((pair, setup.file.pair(one.name, pair_name(pair))) for pair in one.pairs)
        found["pairs"] = {
            pair_name(pair): {"enabled": section.enabled, "on_delete": str(section.on_delete or pair.on_delete)}
            for pair, section in sections
        }
        yield one.name, found


def _dumped(file: TalkFile) -> Toml:
    found = file.model_dump(include=set(GENERAL))
    if "enabled" not in file.automation.model_fields_set:
        del found["automation"]["enabled"]
    found["matching"] = {key: False if value is None else value for key, value in found["matching"].items()}
    return found


def _system(known: Registered, profile: Profile | None, settings: SystemSettings | None = None) -> Toml:
    """What holds for a system with this profile, as far as the file does not set it itself."""
    url = settings.base_url if settings else known.base_url
    found: Toml = {"enabled": True, **({"base_url": url} if url else {}), "rate": rate_text(known.rate)}
    found["timezone"] = settings.timezone if settings else "UTC"
    found["prices_include_vat"] = settings.vat if settings else 0.0
    for name, option in known.options.items():
        value = option.sandbox if settings and settings.sandbox else option.default
        value = settings.options.get(name, value) if settings else value
        found |= {name: value} if value is not None else {}
    if profile is None:
        return found
    found["auth"] = _plain(Auth, profile.access)
    found |= {name: _value(ApiSection, name, getattr(profile.api, name)) for name in API}
    for name, kind, section in (("keyed", shapes.Keyed, Keyed), ("line_totals", shapes.LineTotals, LineTotals)):
        found[name] = {
            shape.property: _plain(section, shape) for shape in profile.api.shapes if isinstance(shape, kind)
        }
    return found | {"collections": {one.name: _collection(one) for one in profile.collections}}


def _collection(collection: RestCollection) -> Toml:
    lens = collection.lens
    fields: Toml = {name: False for name in collection.entity.names if name not in lens.fields}
    for name, held in lens.properties.items():
        fields[FULL_NAME if len(held.fields(name)) > 1 else name] = _property(held)
    return {**_plain(Collection, collection), "fields": fields}


def _plain(section: type[Section], value: object) -> Toml:
    return {name: _value(section, name, getattr(value, name)) for name in section.model_fields}


def _value(section: type[Section], name: str, value: Any) -> Any:  # noqa: ANN401 -- TOML
    inner = section_in(section.model_fields[name].annotation)
    if value is None:
        return False
    if isinstance(value, Property):
        return _property(value)
    if inner is not None:
        return _plain(inner, value)
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, tuple):
        return [str(one) if isinstance(one, StrEnum) else one for one in value]
    return dict(value) if isinstance(value, Mapping) else value


def _property(held: Property) -> Any:  # noqa: ANN401 -- TOML
    """Its name, or a section with what else is particular to it."""
    section = SECTION_OF[type(held)]
    usual = _plain(section, blank(section))
    found = {key: value for key, value in _plain(section, held).items() if value != usual[key]}
    return found["property"] if set(found) == {"property"} else found


def leaves(values: Toml, model: type[Section] | None = None, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every key of the model that holds a value, as TOML wants them: a section's own keys, then the sections in it.

    The property behind a field is one value, and so is a section whose keys are an API's own.
    """
    model = model or talk_model()
    inner: dict[str, type[Section]] = {}
    for name, field in model.model_fields.items():
        section = section_in(field.annotation)
        if section is None or is_property(section) or not isinstance(values.get(name), dict):
            yield Leaf((*path, name), values.get(name))
        else:
            inner[name] = section
    for name, section in inner.items():
        found, here = values[name], (*path, name)
        if not is_open(model.model_fields[name].annotation):
            yield from leaves(found, section, here)
            continue
        for key, value in found.items():
            yield from leaves(value, section, (*here, key))


def is_property(section: type[Section]) -> bool:
    """Whether a section is that of a property behind a field, which its name may stand for."""
    return section.of is not None and issubclass(section.of, Property)


def is_open(annotation: Any) -> bool:  # noqa: ANN401 -- a type
    """Whether a section holds sections by names that are anybody's own."""
    return get_origin(annotation) is dict or any(is_open(one) for one in getattr(annotation, "__args__", ()))


def usual(section: type[Section]) -> Toml:
    """Return the defaults of a section by itself, without those keys that must be set."""
    own = blank(section)
    must = {one.name for one in dataclasses.fields(own) if one.default is MISSING and one.default_factory is MISSING}
    return {name: value for name, value in _plain(section, own).items() if name not in must}
