"""What is read of a document, whoever wrote it, and what is no document."""

from pathlib import Path

import pytest

from talk_assets.documents.parsing import Document, parse, read
from talk_assets.errors import ConfigurationError

OTHER_TOOL = """\
.. _customerp_powerofficego:

Customerp to PowerOffice GO Dataflow
####################################

.. contents:: :local:

This describes |what| is :ref:`synchronised`_.

.. toctree::
   nothing/there

Customerp Contact to PowerOffice GO Contactperson
*************************************************
Properties:

.. list-table::
   :header-rows: 1

   * - Customerp Property
     - PowerOffice GO Property
     - Data Type

How to read this
~~~~~~~~~~~~~~~~

Powerofficego Departments to *Custom* Customer
**********************************************
+------+
| cut off
"""


def test_headings_are_read_whatever_is_wrong_between_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(OTHER_TOOL) == Document(
        "Customerp to PowerOffice GO Dataflow",
        ("Customerp Contact to PowerOffice GO Contactperson", "Powerofficego Departments to Custom Customer"),
    )
    assert capsys.readouterr() == ("", "")


def test_a_lone_section_stays_a_section() -> None:
    text = "A to B Dataflow\n===============\n\nWebcrm Users to Customerp Contact\n---------------------------------\n"
    assert parse(text) == Document("A to B Dataflow", ("Webcrm Users to Customerp Contact",))


def test_sections_may_have_the_level_of_the_title() -> None:
    text = "A to B Dataflow\n===============\n\nWebcrm Users to Customerp Contact\n=================================\n"
    assert parse(text) == Document("A to B Dataflow", ("Webcrm Users to Customerp Contact",))


def test_the_only_heading_above_others_is_the_title_whatever_its_form() -> None:
    text = (
        "Power Office to Custom Webshop\n====\n\nWebcrm Users to Customerp Contact\n---------------------------------\n"
    )
    assert parse(text).sections == ("Webcrm Users to Customerp Contact",)


@pytest.mark.parametrize("directive", ["include:: {}", "raw:: html\n   :file: {}", "csv-table:: t\n   :file: {}"])
def test_a_document_reads_no_files(directive: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.rst"
    secret.write_text("Webcrm Persons to Customerp Contact\n===================================\n", "utf-8")
    assert parse(f".. {directive.format(secret)}\n").sections == ()


NOTHING = {
    "binary.rst": (b"\x89PNG\r\n\x1a\n\x00\xff", "it is not UTF-8 text (byte 0)"),
    "zeros.rst": (b"\0" * 100, "it is not text"),
    "empty.rst": (b"", "it is empty"),
    "blank.rst": (b" \n\t\n", "it is empty"),
    "prose.rst": (b"Nothing but a sentence.\n", "it has no title and no section of a pair"),
    "title.rst": (b"A to B Dataflow\n===============\n", "it has no section of a pair"),
    "section.rst": (b"Webcrm Users to Customerp Contact\n=================================\n", "it has no title"),
    "deep.rst": (b"".join(b" " * n + b"x\n\n" for n in range(500)), ""),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_document_is_one_line_that_names_the_file(name: str, tmp_path: Path) -> None:
    content, found = NOTHING[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        read(tmp_path / name)
    assert str(error.value).startswith(f"{tmp_path / name}: {found}")
    assert "should be reStructuredText" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_and_a_file_that_is_not_there_are_no_documents(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.rst", Path("with\0zero.rst")):
        with pytest.raises(ConfigurationError, match="it cannot be read"):
            read(path)


def test_a_document_with_a_byte_order_mark_is_one(tmp_path: Path) -> None:
    file = tmp_path / "windows.rst"
    file.write_bytes(b"\xef\xbb\xbf" + OTHER_TOOL.replace("\n", "\r\n").encode())
    assert read(file) == parse(OTHER_TOOL)
