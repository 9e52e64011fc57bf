"""Who may import whom: the rules that keep the hub free of Dagster and HTTP, and each system one file."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import talk_assets
from talk_assets.systems import SYSTEMS, SystemSettings

PACKAGE = Path(talk_assets.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
SECRET = "hunter2-not-to-be-seen"


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text("utf-8"), str(module))


def name(module: Path) -> str:
    """As it is imported: `talk_assets.sync.lens`."""
    parts = module.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imports(module: Path) -> Iterator[str]:
    """Every module that is imported anywhere in the file, and every name that is imported from one."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: relative imports hide who imports whom"
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importing(prefix: str, *forbidden: str) -> list[str]:
    """Return `module imports other` for all that break the rule."""
    return [
        f"{name(module)} imports {other}"
        for module in MODULES
        if name(module) == prefix or name(module).startswith(f"{prefix}.")
        for other in imports(module)
        if any(other == one or other.startswith(f"{one}.") for one in forbidden)
    ]


def test_the_rules_see_the_imports_they_are_about() -> None:
    assert "talk_assets.sync.connection imports talk_assets.entities" in importing(
        "talk_assets.sync", "talk_assets.entities"
    )


def test_the_hub_knows_neither_dagster_nor_http_nor_any_system() -> None:
    outside = ("dagster", "httpx", "aiohttp", "talk_assets.http", "talk_assets.systems", "talk_assets.assets")
    assert not importing("talk_assets.sync", *outside)


def test_only_assets_and_what_wires_them_know_dagster() -> None:
    free = (
        "systems",
        "http",
        "sandbox",
        "store",
        "transaction",
        "entities",
        "dataflows",
        "errors",
        "config",
        "sections",
    )
    assert not [found for part in free for found in importing(f"talk_assets.{part}", "dagster")]


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_a_system_imports_no_other_system(system: str) -> None:
    others = [f"talk_assets.systems.{other}" for other in SYSTEMS if other != system]
    assert not importing(f"talk_assets.systems.{system}", *others)


def test_the_sandbox_knows_nothing_of_what_it_is_a_stand_in_for() -> None:
    ours = ("talk_assets.sync", "talk_assets.systems", "talk_assets.http", "talk_assets.store", "talk_assets.assets")
    assert not importing("talk_assets.sandbox", *ours)


def test_only_the_store_connects_to_duckdb() -> None:
    calls = [
        name(module)
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and node.attr == "connect"
        if isinstance(node.value, ast.Name) and node.value.id == "duckdb"
    ]
    assert set(calls) == {"talk_assets.store"}
    assert not [found for found in importing("talk_assets", "duckdb.connect") if "talk_assets.store " not in found]


def test_nothing_that_ships_needs_the_tests() -> None:
    assert not importing("talk_assets", "talk_assets_tests", "pytest", "hypothesis")


def test_settings_of_a_system_never_show_its_credentials() -> None:
    for system, known in SYSTEMS.items():
        credentials = dict.fromkeys(known.credentials, SECRET)
        settings = SystemSettings("https://api.example.com", credentials, sandbox=False)
        assert credentials, system
        assert SECRET not in f"{settings!r} {settings!s} {settings}"


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_says_what_it_is_for(module: Path) -> None:
    assert ast.get_docstring(tree(module)), f"{name(module)} has no docstring"


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_files_and_functions_stay_short(module: Path) -> None:
    assert len(module.read_text("utf-8").splitlines()) < 400
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= 50, f"{name(module)}.{node.name} has {length} lines"
