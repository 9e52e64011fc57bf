"""The documents that are written: that docutils has nothing to say about them, and that their sentences are true."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from talk_assets.config.configuration import Config, Mode, load
from talk_assets.config.wiring import Wiring
from talk_assets.documents import writer
from talk_assets.documents.parsing import parse
from talk_assets.documents.properties import shared
from talk_assets.errors import ConfigurationError
from talk_assets.model.dataflows import DATAFLOWS, Pair


def wired(folder: Path, toml: str = "") -> Wiring:
    (folder / "talk.toml").write_text(toml, "utf-8")
    return Wiring(load(folder, {}))


def documents(wiring: Wiring) -> dict[str, str]:
    return {flow.name: writer.document(wiring, flow) for flow in wiring.config.dataflows}


def rendered(text: str) -> nodes.document:
    """Strictly: the least remark of docutils fails."""
    remarks = io.StringIO()
    tree = publish_doctree(text, settings_overrides={"report_level": 1, "warning_stream": remarks, "doctitle_xform": 0})
    assert remarks.getvalue() == ""
    return tree


def section(tree: nodes.document, title: str) -> nodes.section:
    (found,) = [one for one in tree.findall(nodes.section) if heading(one) == title]
    return found


def heading(tree: nodes.document | nodes.section) -> str:
    """The first heading."""
    return next(iter(tree.findall(nodes.title))).astext()


def told(text: str, title: str) -> dict[str, str]:
    """What a section says, by its terms."""
    items = section(rendered(text), title).findall(nodes.definition_list_item)
    return {item[0].astext(): " ".join(item[1].astext().split()) for item in items}


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    return wired(tmp_path)


def test_every_dataflow_has_its_document_with_a_section_and_a_table_per_pair(wiring: Wiring) -> None:
    found = documents(wiring)
    assert list(found) == [flow.name for flow in DATAFLOWS]
    for flow in wiring.config.dataflows:
        tree = rendered(found[flow.name])
        document = parse(found[flow.name])
        labels = [wiring.systems[name].label for name in (flow.dataflow.left, flow.dataflow.right)]
        assert document.title == f"{labels[0]} to {labels[1]} Dataflow"
        assert len(document.sections) == len(flow.pairs)
        tables = list(tree.findall(nodes.table))
        for pair, table in zip(flow.pairs, tables, strict=True):
            assert list(cells(table)) == [
                (f"{labels[0]} property", f"{labels[1]} property", "Type"),
                *expected(wiring, pair),
            ]


def cells(table: nodes.table) -> Iterator[tuple[str, ...]]:
    for row in table.findall(nodes.row):
        yield tuple(entry.astext() for entry in row.findall(nodes.entry))


def expected(wiring: Wiring, pair: Pair) -> Iterator[tuple[str, str, str]]:
    """A row per field that both lenses map, at least."""
    left, right = wiring.collections[pair.left], wiring.collections[pair.right]
    rows = shared(left, right)
    both = set(left.lens.fields) & set(right.lens.fields)
    assert len(rows) >= len(both) > 0
    yield from ((row.left, row.right, row.type) for row in rows)


def test_the_same_definitions_give_the_same_documents(tmp_path: Path, wiring: Wiring) -> None:
    assert documents(wiring) == documents(wired(tmp_path))


def test_a_section_says_what_is_matched_created_and_left_alone(wiring: Wiring) -> None:
    (text,) = [text for name, text in documents(wiring).items() if name == "webcrm-customerp"]
    users = told(text, "Webcrm Users to Customerp Contact")
    assert "by e-mail (UserEmail and email), then by mobile and last name" in users["Matched"]
    assert "in external_ref, so that it is not created twice" in users["Created"]
    assert "webcrm/users is read and not written to." in users["Updated"]
    assert "reaches webcrm/persons, except for company." in told(text, "Webcrm Persons to Customerp Contact")["Updated"]
    assert "not deleted on the other" in users["Deleted"]
    lines = told(text, "Webcrm Quotationline to Customerp Order")
    assert "No property that identifies an order is there on both sides" in lines["Matched"]
    assert "webcrm/quotationline are lines of webcrm/opportunities" in lines["Deleted"]
    companies = told(text, "Webcrm Organisations to Customerp Customer")
    assert "both have an organisation number, and not the same one, are matched by nothing else" in companies["Matched"]
    assert "have the same organisation number or e-mail" in companies["Held"]


def deleted(folder: Path, dataflow: str, pair: str, on_delete: str, title: str) -> str:
    """What the document says about deletions of a pair's records where talk.toml has `on_delete`."""
    toml = f'[dataflows.{dataflow}.pairs.{pair}]\non_delete = "{on_delete}"'
    return told(documents(wired(folder, toml))[dataflow], title)["Deleted"]


PERSONS = ("webcrm-customerp", "persons-contact")


def test_where_a_pair_keeps_records_deletions_do_not_travel(tmp_path: Path) -> None:
    text = deleted(tmp_path, *PERSONS, "keep", "Webcrm Persons to Customerp Contact")
    assert "A record that is deleted on one side is not deleted on the other, and not created again." in text


def test_where_a_pair_deletes_the_document_says_what_follows_a_deletion(tmp_path: Path) -> None:
    text = deleted(tmp_path, *PERSONS, "delete", "Webcrm Persons to Customerp Contact")
    assert "When a record of webcrm/persons is deleted, the record in customerp/contact is deleted too" in text
    assert "When a record of customerp/contact is deleted, the record in webcrm/persons is deleted too" in text
    assert "unless another pair still demands it" in text
    assert "holds an edit that the deleted one never had needs review" in text
    assert "No deleted record is created again." in text
    assert "not deleted on the other" not in text


def test_where_a_pair_archives_the_document_says_what_is_set_and_where_there_is_no_flag(tmp_path: Path) -> None:
    title = "Customerp Contact to Powerofficego Contactperson"
    text = deleted(tmp_path, "customerp-powerofficego", "contact-contactperson", "archive", title)
    assert (
        "When a record of customerp/contact is deleted, the record in powerofficego/contactperson is archived"
        " (IsActive is set to false), unless another pair still demands it." in text
    )
    assert (
        "When a record of powerofficego/contactperson is deleted, the record in customerp/contact is kept: the API has"
        " no flag that archives it." in text
    )
    assert "deleted too" not in text


def test_a_collection_that_is_not_written_to_keeps_its_records_whatever_the_pair_says(tmp_path: Path) -> None:
    text = deleted(tmp_path, "webcrm-customerp", "users-contact", "delete", "Webcrm Users to Customerp Contact")
    assert "the record in customerp/contact is deleted too" in text
    assert "the record in webcrm/users is kept: nothing is written to webcrm/users." in text


def test_a_collection_in_which_nothing_can_be_created_is_said_to_be_one(tmp_path: Path, wiring: Wiring) -> None:
    (flow,) = [one for one in wiring.config.dataflows if one.name == "webcrm-customerp"]
    turned = replace(flow, dataflow=replace(flow.dataflow, left="customerp", right="webcrm"), pairs=(
        Pair("customerp/contact", "webcrm/users"),))  # fmt: skip
    text = writer.document(wiring, turned)
    assert "Nothing is created in webcrm/users" in told(text, "Customerp Contact to Webcrm Users")["Created"]


def test_what_is_switched_off_is_left_out_and_a_mode_is_told(tmp_path: Path) -> None:
    toml = (
        '[dataflows.webcrm-customerp]\nmode = "plan"\n[dataflows.webcrm-customerp.pairs.users-contact]\nenabled = false'
    )
    wiring = wired(tmp_path, toml)
    assert [one.mode for one in wiring.config.dataflows if one.name == "webcrm-customerp"] == [Mode.PLAN]
    (text,) = [text for name, text in documents(wiring).items() if name == "webcrm-customerp"]
    assert "Webcrm Users" not in text
    assert "in mode plan" in text


def test_names_that_mean_something_to_docutils_are_shown_as_they_are(wiring: Wiring) -> None:
    systems = {name: replace(one, label=f"*{one.label}_ |x| `日本") for name, one in wiring.systems.items()}
    odd = Wiring(wiring.config)
    odd.__dict__["systems"] = systems
    (flow,) = [one for one in wiring.config.dataflows if one.name == "webcrm-customerp"]
    tree = rendered(writer.document(odd, flow))
    assert heading(tree) == "*Webcrm_ |x| `日本 to *Customerp_ |x| `日本 Dataflow"


def test_files_are_written_in_place_of_older_ones(tmp_path: Path, wiring: Wiring) -> None:
    folder = tmp_path / "new" / "folder"
    first = writer.write(wiring, folder)
    assert [file.name for file in first] == [f"{flow.name}.rst" for flow in wiring.config.dataflows]
    texts = [file.read_text("utf-8") for file in first]
    first[0].write_text("old", "utf-8")
    assert [file.read_text("utf-8") for file in writer.write(wiring, folder)] == texts


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path, wiring: Wiring) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(ConfigurationError, match="file: cannot be written to"):
        writer.write(wiring, tmp_path / "file")


def test_without_a_pair_there_is_nothing_to_write(tmp_path: Path) -> None:
    none: Config = replace(load(tmp_path, {}), dataflows=())
    assert writer.write(Wiring(none), tmp_path / "out") == []
