"""Who may import whom: rooms on floors, no arrow back up, and each system by itself."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import talk_assets
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets_tests.thorough import LEFT_OUT

PACKAGE = Path(talk_assets.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
PACKAGES = [module for module in MODULES if module.name == "__init__.py"]
SECRET = "hunter2-not-to-be-seen"


@cache
def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text("utf-8"), str(module))


def name(module: Path) -> str:
    """As it is imported: `talk_assets.model.lens.lens`."""
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


FLOORS = (
    {"testing"},
    {"definitions", "cli"},
    {"graph"},
    {"documents", "operate"},
    {"config"},
    {"report", "systems"},
    {"sync"},
    {"http", "store", "sandbox"},
    {"model", "plugins"},
    {"errors", "jsonframes"},
)
"""The rooms of the package from top to bottom: a room imports rooms of the floors below its own."""

ROOMS_OF_SYNC = (
    {"hub"}, {"write"}, {"plan"}, {"link"}, {"merge"}, {"read"}, {"guards", "journal", "progress", "runs"},
)  # fmt: skip
"""The same within `sync`: a record's way goes through these rooms from the end to the beginning."""


def arrows(prefix: str) -> set[tuple[str, str]]:
    """Which parts of a package import which others."""
    own = [module for module in MODULES if name(module).startswith(f"{prefix}.")]

    def part(dotted: str) -> str | None:
        return dotted.removeprefix(f"{prefix}.").split(".")[0] if dotted.startswith(f"{prefix}.") else None

    pairs = {(part(name(module)), part(other)) for module in own for other in imports(module)}
    return {(one, other) for one, other in pairs if one and other and one != other}


@pytest.mark.parametrize(("prefix", "floors"), [("talk_assets", FLOORS), ("talk_assets.sync", ROOMS_OF_SYNC)])
def test_no_arrow_runs_back_up(prefix: str, floors: tuple[set[str], ...]) -> None:
    """So there is no circle of packages either."""
    floor = {part: n for n, parts in enumerate(floors) for part in parts}
    depth = prefix.count(".") + 1
    assert set(floor) == {
        parts[depth]
        for module in MODULES
        if (parts := name(module).split("."))[depth:]
        if name(module).startswith(f"{prefix}.")
    }
    assert not {(one, other) for one, other in arrows(prefix) if floor[one] >= floor[other]}


@pytest.mark.parametrize("package", PACKAGES, ids=name)
def test_no_modules_of_a_package_import_each_other_in_a_circle(package: Path) -> None:
    prefix = name(package)
    before: dict[str, set[str]] = {}
    for one, other in arrows(prefix):
        before.setdefault(one, set()).add(other)
    TopologicalSorter(before).prepare()


def test_the_rules_see_the_imports_they_are_about() -> None:
    assert "talk_assets.model.collection imports talk_assets.model.entities" in importing(
        "talk_assets.model", "talk_assets.model.entities"
    )
    assert ("sync", "store") in arrows("talk_assets")


def test_the_hub_knows_neither_dagster_nor_http() -> None:
    assert not importing("talk_assets.sync", "dagster", "httpx", "aiohttp")


def test_only_the_graph_and_what_asks_it_know_dagster() -> None:
    free = {part for parts in FLOORS for part in parts} - {"definitions", "cli", "graph"}
    assert not [found for part in free for found in importing(f"talk_assets.{part}", "dagster")]


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_a_system_imports_no_other_system(system: str) -> None:
    others = [f"talk_assets.systems.{other}" for other in SYSTEMS if other != system]
    assert not importing(f"talk_assets.systems.{system}", *others)


def test_the_sandbox_knows_nothing_of_what_it_is_a_stand_in_for() -> None:
    assert {other for one, other in arrows("talk_assets") if one == "sandbox"} == {"errors", "plugins"}


def test_only_the_store_connects_to_duckdb() -> None:
    calls = [
        name(module).rpartition(".")[0]
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and node.attr == "connect"
        if isinstance(node.value, ast.Name) and node.value.id == "duckdb"
    ]
    assert set(calls) == {"talk_assets.store"}
    assert not importing("talk_assets", "duckdb.connect")


def test_only_a_transaction_names_temporary_tables() -> None:
    """Else a function reads one that its signature doesn't tell of."""
    creating = re.compile(r"CREATE\b.{0,40}\bTEMP(ORARY)?\b", re.IGNORECASE | re.DOTALL)
    found = {path.relative_to(PACKAGE).as_posix() for path in MODULES if creating.search(path.read_text("utf-8"))}
    assert found == {"store/transaction.py"}


def test_nothing_that_ships_needs_the_tests_and_only_what_is_for_tests_needs_pytest_or_hypothesis() -> None:
    assert not importing("talk_assets", "talk_assets_tests")
    rest = {part for parts in FLOORS for part in parts} - {"testing"}
    assert not [found for part in rest for found in importing(f"talk_assets.{part}", "pytest", "hypothesis")]
    assert not importing("talk_assets.testing.memory", "pytest", "hypothesis", "talk_assets.testing.conformance")
    assert importing("talk_assets.testing", "pytest", "hypothesis")


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


CONFORMANCE = sorted((Path(__file__).parents[1] / "talk_assets" / "testing" / "conformance").glob("*.py"))


@pytest.mark.parametrize("file", LEFT_OUT)
def test_what_is_left_out_of_the_suite_is_there(file: str) -> None:
    """Those of the conformance suite are in the classes that inherit it."""
    own = Path(__file__).parent / file
    modules = [own, *CONFORMANCE] if "test_conformance" in file else [own]
    defined = {node.name for one in modules for node in ast.walk(tree(one)) if isinstance(node, ast.FunctionDef)}
    assert {name.partition("[")[0] for name in LEFT_OUT[file]} <= defined
