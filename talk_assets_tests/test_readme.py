"""What the README shows is so."""

import re
from pathlib import Path

import pytest

from talk_assets.config import configuration
from talk_assets.model.collection import Collection
from talk_assets.model.entities import company
from talk_assets.model.lens.lens import Lens, Text
from talk_assets.model.lint import findings
from talk_assets.testing.lens_laws import check_laws
from talk_assets_tests import readme

TEXT = readme.README.read_text("utf-8")


def shown(name: str) -> str:
    """A generated block."""
    found = readme.block(name).search(TEXT)
    assert found is not None
    return found.group()


def blocks(language: str) -> list[str]:
    """Code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_commands_are_those_there_are() -> None:
    """`make readme` rewrites the table."""
    assert shown("commands") == readme.commands()


def test_the_environment_variables_are_those_that_are_read() -> None:
    assert shown("credentials") == readme.credentials()


@pytest.mark.parametrize("text", blocks("toml"))
def test_the_configuration_is_valid(text: str, tmp_path: Path) -> None:
    (tmp_path / "talk.toml").write_text(text)
    key = "API_KEY" if "X-Api-Key" in text else "TOKEN"
    assert configuration.load(tmp_path, {f"TALK_CUSTOMERP_{key}": "secret"}).dataflows


@pytest.mark.parametrize("text", blocks("python"))
def test_the_example_of_a_system_keeps_the_lens_laws(text: str) -> None:
    names: dict[str, object] = {}
    exec(text, names)  # noqa: S102 -- our own README
    people = names["people"]
    assert isinstance(people, Collection)
    companies = Collection(name="companies", entity=company, id="Id", lens=Lens(name=Text("Name")))
    assert not findings({"crm/people": people, "crm/companies": companies})
    check_laws(people)


def test_every_make_target_that_it_names_is_there() -> None:
    makefile = (readme.ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"make ([a-z]+)", TEXT)) - {"every"}
    assert named <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
