"""The models by entity."""

from collections.abc import Mapping

from talk_assets.sync.link.evidence.companies import COMPANY
from talk_assets.sync.link.evidence.model import Model
from talk_assets.sync.link.evidence.orders import ORDER
from talk_assets.sync.link.evidence.persons import PERSON
from talk_assets.sync.link.evidence.products import PRODUCT

MODELS: Mapping[str, Model] = {model.entity: model for model in (PERSON, COMPANY, PRODUCT, ORDER)}
"""By the name of the entity; those that it lacks are matched by keys alone."""
