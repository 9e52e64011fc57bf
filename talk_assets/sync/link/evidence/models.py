"""The models by entity."""

from collections.abc import Mapping

from talk_assets.sync.link.evidence.model import Model
from talk_assets.sync.link.evidence.persons import PERSON

MODELS: Mapping[str, Model] = {model.entity: model for model in (PERSON,)}
"""By the name of the entity; those that it lacks are matched by keys alone."""
