"""The documentation: links lead somewhere, examples work, words are the agreed ones, generated pages are up to date."""

import ast
import re
import shutil
import subprocess
import tokenize
from functools import cache
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

import talk_assets
from talk_assets.cli import talk
from talk_assets.config import configuration
from talk_assets.graph.scope import RunScope
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.model.entities import company
from talk_assets.model.lens.lens import Lens, Text
from talk_assets.model.lint import findings
from talk_assets.testing.lens_laws import check_laws
from talk_assets_tests import readme
from talk_assets_tests.docs import pages, prose, site, words

EVERY = prose.every()
BY_HAND = [page for page in EVERY if page not in pages.PAGES]

AWAITED: frozenset[str] = frozenset()
"""Commands that pages name and another branch brings; empty once it is merged."""

PACKAGE = Path(talk_assets.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "migrations.py")


@pytest.mark.parametrize("page", pages.PAGES)
def test_a_generated_page_is_up_to_date(page: str) -> None:
    assert prose.text(page) == pages.written(page), "If the code is right: python -m talk_assets_tests.docs"


@pytest.mark.parametrize("page", EVERY)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in prose.links(prose.text(page)):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = ((prose.ROOT / page).parent / path).resolve() if path else prose.ROOT / page
        assert target.is_relative_to(prose.ROOT), link
        assert target.exists(), link
        if anchor:
            assert anchor in prose.anchors(target.read_text("utf-8")), link


def test_the_navigation_has_every_page_once() -> None:
    nav = yaml.safe_load((prose.ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    listed = [part for entry in nav for part in _targets(entry)]
    on_site = {page.removeprefix("docs/") for page in EVERY if page.startswith("docs/")} | set(site.MOVED.values())
    assert sorted(listed) == sorted(on_site)


def _targets(entry: object) -> list[str]:
    match entry:
        case str():
            return [entry]
        case dict():
            return [target for below in entry.values() for target in _targets(below)]
        case list():
            return [target for below in entry for target in _targets(below)]
    raise AssertionError(entry)


@pytest.mark.parametrize("page", BY_HAND)
def test_no_page_has_a_dropped_word(page: str) -> None:
    assert words.dropped(prose.prose(prose.text(page))) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_message_docstring_or_comment_has_a_dropped_word(module: Path) -> None:
    """A migration names what there was; a text without a blank is a name, and so is what stands in braces."""
    with module.open("rb") as source:
        tokens = [one for one in tokenize.tokenize(source.readline) if one.type in {tokenize.STRING, tokenize.COMMENT}]
    texts = [re.sub(r"\{[^{}]*\}", "", one.string) for one in tokens]
    found = [
        (one.start[0], words.dropped(text)) for one, text in zip(tokens, texts, strict=True) if " " in text.strip()
    ]
    assert [one for one in found if one[1]] == []


def test_a_dropped_word_is_noticed_in_prose_and_not_in_code() -> None:
    hidden = "```\nsettle\n```\n\nSee `misfit` and [it](sweep.md).\n\n<!-- x -->\ntold\n<!-- /x -->\n"
    text = f"It Founds an entity.\n\n{hidden}"
    assert [word for word, _ in words.dropped(prose.prose(text))] == ["Founds"]
    assert words.dropped("A record that was found stands in its table.") == []


@pytest.mark.parametrize("page", EVERY)
def test_no_page_names_a_path_of_one_machine(page: str) -> None:
    assert not re.search(r"(?<![\w.])/(work|tmp|root|home)/", prose.text(page))


@pytest.mark.parametrize("page", BY_HAND)
def test_every_command_and_option_is_there(page: str) -> None:
    for line in prose.commands(prose.text(page)):
        command: click.Command = talk
        rest = list(line)
        while isinstance(command, click.Group) and rest and re.fullmatch(r"[a-z]+", rest[0]):
            name = rest.pop(0)
            if name in AWAITED and command is talk:
                break
            found = command.get_command(click.Context(command), name)
            assert found is not None, line
            command = found
        else:
            known = {opt for param in command.params for opt in param.opts} | {"--help", "--version"}
            assert {word for word in rest if word.startswith("--")} <= known, line


@pytest.mark.parametrize("page", BY_HAND)
def test_every_make_target_is_there(page: str) -> None:
    makefile = (prose.ROOT / "Makefile").read_text("utf-8")
    shown = [*prose.code(prose.text(page), "sh"), *re.findall(r"`(make [^`]+)`", prose.text(page))]
    named = {target for code in shown for target in re.findall(r"^\s*make ([a-z]+)", code, re.MULTILINE)}
    assert named <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def examples(language: str) -> list[tuple[str, str]]:
    return [(page, code) for page in BY_HAND for code in prose.code(prose.text(page), language)]


@pytest.mark.parametrize(("page", "text"), examples("toml"))
def test_the_configuration_is_valid(page: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "talk.toml").write_text(text)
    needed = {
        "systems.customerp]\nbase_url": ["CUSTOMERP_API_KEY" if "X-Api-Key" in text else "CUSTOMERP_TOKEN"],
        "systems.customwebshop]\nbase_url": ["CUSTOMWEBSHOP_CONSUMER_KEY", "CUSTOMWEBSHOP_CONSUMER_SECRET"],
    }
    environ = {f"TALK_{name}": "secret" for section, names in needed.items() if section in text for name in names}
    assert configuration.load(tmp_path, environ).dataflows


@pytest.mark.parametrize(("page", "text"), examples("yaml"))
def test_the_launchpad_takes_the_run_configuration(page: str, text: str) -> None:
    scope = RunScope(**yaml.safe_load(text)["resources"]["scope"]["config"])
    assert scope.full
    assert scope.dataflows == ["webcrm-customerp"]


def test_the_example_of_a_system_keeps_the_lens_laws() -> None:
    names: dict[str, object] = {}
    for page, text in examples("python"):
        assert page == "docs/how-to/write-a-system.md"
        exec(text, names)  # noqa: S102 -- our own page
    people = names["people"]
    assert isinstance(people, Collection)
    companies = Collection(name="companies", entity=company, id="Id", lens=Lens(name=Text("Name")))
    assert not findings({"crm/people": people, "crm/companies": companies})
    check_laws(people)
    assert isinstance(names["TestAcme"], type)


@cache
def functions(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("page", BY_HAND)
def test_every_test_that_is_named_is_there(page: str) -> None:
    for path, name in re.findall(r"`(talk_assets_tests/[\w/]+\.py)::(\w+)`", prose.text(page)):
        assert name in functions(prose.ROOT / path), f"{path}::{name}"


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "docs/explanation/promises.md"])
def test_every_promise_names_a_test(page: str) -> None:
    rows = [row for row in prose.text(page).splitlines() if row.startswith("| ") and "---" not in row]
    at = next(n for n, row in enumerate(rows) if row.endswith((" test |", " tests |")))
    count = len([row for row in rows[at + 1 :] if "test_" in row])
    assert count >= 15
    assert all("::test_" in row for row in rows[at + 1 : at + 1 + count])


@pytest.mark.parametrize("page", BY_HAND)
def test_every_file_and_folder_that_is_named_is_there(page: str) -> None:
    text = prose.FENCE.sub("", prose.BLOCK.sub("", prose.text(page)))
    for path in re.findall(r"`(talk_assets(?:_tests)?/[\w/.]+)`", text):
        assert (prose.ROOT / path).exists(), path


def test_the_way_of_one_record_names_at_most_a_dozen_files_each_once_and_in_order() -> None:
    way = prose.text("ARCHITECTURE.md").split("## The way of one record")[1].split("\n## ")[0]
    files = re.findall(r"`([a-z_/]+\.py)`", way)
    assert 0 < len(files) <= 12
    assert len(files) == len(set(files))
    assert [file for file in files if not (PACKAGE / file).exists()] == []
    rooms = [file.split("/")[1] for file in files if file.startswith("sync/") and file != "sync/hub.py"]
    assert rooms == sorted(rooms, key=pages.ON_THE_WAY.index)
    assert set(rooms) == set(pages.ON_THE_WAY)


def test_the_private_imports_of_dagster_are_those_that_were_decided_on() -> None:
    decided = prose.text("docs/decisions/0010-private-imports-of-dagster.md")
    decided += prose.text("docs/decisions/0004-dagsters-private-storage.md")
    imported = {
        alias.name
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dagster._")
        for alias in node.names
    }
    assert imported
    assert {name for name in imported if f"`{name}`" not in decided} == set()


def test_links_are_those_of_the_site_once_its_pages_are_together() -> None:
    assert (
        site.from_docs("[a](../../ARCHITECTURE.md#x) [b](../how-to/y.md)")
        == "[a](../architecture.md#x) [b](../how-to/y.md)"
    )
    assert site.from_root("[a](docs/x.md) [b](SECURITY.md)") == "[a](x.md) [b](security.md)"


def test_what_a_page_would_load_from_the_web_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(
        '<link rel="stylesheet" href="https://fonts.example/a.css"><link rel="canonical" href="https://a.example/">'
        '<script src="//cdn.example/b.js"></script><img src="x.png"><a href="https://a.example/">a</a>'
    )
    (tmp_path / "a.css").write_text(
        "@font-face { src: url('https://fonts.example/f.woff2') } a { background: url(b.svg) }"
    )
    assert site.check(tmp_path) == [
        "index.html loads https://fonts.example/a.css",
        "index.html loads //cdn.example/b.js",
        "a.css loads https://fonts.example/f.woff2",
    ]


def test_the_commands_of_the_tutorial_and_of_the_backup_work_in_their_order(tmp_path: Path) -> None:
    """On a sandbox of its own, with one of the dataflows. `talk ui` does not end, and is tested in `ui`."""
    shown = [line for page in ("tutorial/first-sync", "how-to/restore-a-backup") for line in _lines(f"docs/{page}.md")]
    assert shown[:2] == [["status"], ["explain", "webcrm/persons/1"]]
    with readme.sandboxed() as folder:
        others = (flow.name for flow in DATAFLOWS if flow.name != "webcrm-customerp")
        with (folder / "talk.toml").open("a") as file:
            file.writelines(f"\n[dataflows.{name}]\nenabled = false\n" for name in others)
        readme.run(folder, "sync")
        for line in shown:
            if line[0] in {"ui", "undo"} or line[:2] == ["sandbox", "down"]:
                continue
            words_ = [str(tmp_path / word) if word.endswith(".duckdb") else word for word in line]
            printed = readme.run(folder, *words_) if line == ["sync"] else _printed(folder, words_)
            if line[:2] == ["sandbox", "curl"]:
                _edit(printed)
        told = _printed(folder, ["explain", "webcrm/persons/1"])
    assert "mobile: +4790012345" in told


def _printed(folder: Path, line: list[str]) -> str:
    """What a command prints, run in this process: each process of its own takes a second."""
    done = CliRunner().invoke(talk, line, prog_name="talk", env={"DAGSTER_HOME": str(folder), "COLUMNS": "120"})
    assert done.exit_code == 0, f"talk {' '.join(line)}: {done.output}"
    return done.stdout


def _lines(page: str) -> list[list[str]]:
    """The `talk` commands of a page's code, without their comments."""
    lines = [
        line.partition(" #")[0].split() for code in prose.code(prose.text(page), "sh") for line in code.splitlines()
    ]
    return [line[1:] for line in lines if line[:1] == ["talk"]]


def _edit(printed: str) -> None:
    """Run the command line that `talk sandbox curl` prints."""
    if not shutil.which("curl"):
        pytest.skip("there is no curl")
    subprocess.run(["sh", "-c", printed.splitlines()[1]], check=True, capture_output=True)  # noqa: S603, S607 -- the sandbox's
