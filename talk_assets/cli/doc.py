"""`talk doc write` and `talk doc check`: dataflows as documents, and whether what documents promise is in place.

What a document says is the concern of `talk_assets.documents`; here it is asked for and shown.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from talk_assets.cli.output import json_option, show_json
from talk_assets.cli.status import OF_A_RUN, latest
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.documents import writer

if TYPE_CHECKING:
    from talk_assets.documents.checking import Checked, CheckProgress, Result, Section


@click.group()
def doc() -> None:
    """Write a document for every dataflow, and check documents against what is in place."""


@doc.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
def write(*, folder: Path, as_json: bool) -> None:
    """Write a reStructuredText document per dataflow that is switched on into DIR, in place of what it wrote before."""
    files = [str(file) for file in writer.write(Wiring(configuration.current()), folder)]
    if as_json:
        show_json({"files": files})
    elif files:
        click.echo("\n".join(files))
    else:
        click.echo("No pair of any dataflow is switched on, so there is nothing to write.")


@doc.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
@click.pass_context
def check(ctx: click.Context, *, files: Sequence[Path], as_json: bool) -> None:
    """Say for every section of documents which pair covers it, and how far that pair is.

    Any tool may have written them. The exit status is 1 if a section is not covered or not in sync, if a file is no
    document, or if something is wrong with a lens.
    """
    # Only this command reads documents, and what reads them takes its time to import.
    from talk_assets.documents import checking  # noqa: PLC0415

    result = checking.check(Wiring(configuration.current()), files)
    if as_json:
        show_json(_document(result))
    else:
        _show(result)
    for checked in result.documents:
        if checked.problem:
            click.echo(f"talk: {' '.join(checked.problem.splitlines())}", err=True)
    if not result.in_place:
        ctx.exit(1)


def _show(result: "Result") -> None:
    for finding in result.findings:
        click.echo(f"Something is wrong with a lens: {finding}")
    read = [checked for checked in result.documents if checked.problem is None]
    for checked in read:
        click.echo(f"{checked.file}: {checked.title}")
        for section in checked.sections:
            click.echo(f"  {section.section}: {_state(section)}")
    if read:
        sections = [section for checked in read for section in checked.sections]
        covered = sum(section.progress is not None for section in sections)
        in_sync = sum(section.in_place for section in sections)
        click.echo(f"{covered} of {len(sections)} sections covered, {in_sync} in sync.")
        click.echo(latest(result.latest))


def _state(section: "Section") -> str:
    if section.progress is None or section.pair is None:
        return f"not covered; {section.reason}"
    said = "in sync" if section.progress.in_sync else "not in sync"
    return f"{said}; {section.pair.left} → {section.pair.right}: {', '.join(_counts(section.progress))}"


def _counts(progress: "CheckProgress") -> list[str]:
    status = progress.status
    if progress.unread:
        return [f"{' and '.join(progress.unread)} not read in full yet"]
    counts = [f"{status.linked} of {status.left_records} records linked"]
    if progress.parted:
        counts.append(f"{progress.parted} deleted in {status.right}")
    return [*counts, f"{status.waiting} waiting", f"{status.held} held"]


def _document(result: "Result") -> dict[str, Any]:
    return {
        "in_place": result.in_place,
        "documents": [_checked(checked) for checked in result.documents],
        "findings": [asdict(finding) for finding in result.findings],
        "last_run": result.latest,
    }


def _checked(checked: "Checked") -> dict[str, Any]:
    return {
        "file": checked.file,
        "title": checked.title,
        "problem": checked.problem,
        "in_place": checked.in_place,
        "sections": [_section(section) for section in checked.sections],
    }


def _section(section: "Section") -> dict[str, Any]:
    """With the counts of `talk status`, where it is covered."""
    ends = {"left": section.pair.left, "right": section.pair.right} if section.pair else {"left": None, "right": None}
    found = {"section": section.section, "covered": section.progress is not None, "in_sync": section.in_place}
    found |= {"reason": section.reason, **ends}
    if section.progress:
        counts = asdict(section.progress.status)
        found |= {name: value for name, value in counts.items() if name not in OF_A_RUN}
        found |= {"deleted": section.progress.parted, "not_read": list(section.progress.unread)}
    return found
