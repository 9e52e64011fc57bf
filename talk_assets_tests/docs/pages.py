"""The reference pages, generated from the code: commands, configuration, entities, systems, asset graph, errors, words.

    python -m talk_assets_tests.docs

writes them. Add a page to `PAGES`, and to the navigation in `mkdocs.yml`. A page that explains is written by hand.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

import click

from talk_assets import errors
from talk_assets.cli import talk
from talk_assets.documents import properties
from talk_assets.graph.checks import BLOCKING, SAYS
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.model.entities import ENTITIES, LINE, Entity, Field, Kind
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets_tests.docs import prose, words
from talk_assets_tests.test_architecture import FLOORS

NOTE = "<!-- Generated from the code by `python -m talk_assets_tests.docs`: do not edit. -->\n\n"
GRAPH = prose.ROOT / "talk_assets_tests" / "snapshots" / "graph.txt"
ON_THE_WAY = ("read", "link", "merge", "plan", "write")
"""The rooms within `sync`, in the order in which a record goes through them."""

SETTINGS = "talk_assets.config.reference"
"""The module that describes every key of talk.toml, as `reference()`; without it, the commented file is shown."""


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; what would end a cell is escaped."""
    lines = [headings, ["---"] * len(headings), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def commands() -> str:
    """Return every command with its arguments, options and help."""
    context = click.Context(talk, info_name="talk")
    every = [(name, talk.get_command(context, name)) for name in talk.list_commands(context)]
    head = (
        "# Commands\n\nRun `talk` in the folder that holds your data folder, or set `DAGSTER_HOME` to the data folder."
        " Exit status: 0 done, 1 not done (one line says why), 2 wrong usage, 130 interrupted.\n\n"
    )
    summary = table(
        ("command", "what it does"),
        ((f"[`talk {name}`](#talk-{name})", _first(command)) for name, command in every if command),
    )
    return f"{head}{summary}\n" + "\n".join(_command(command, name, context) for name, command in every if command)


def _first(command: click.Command) -> str:
    return " ".join((command.help or "").split("\n\n")[0].split())


def _command(command: click.Command, name: str, above: click.Context) -> str:
    context = click.Context(command, info_name=name, parent=above)
    usage = f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}".strip()
    paragraphs = [" ".join(part.split()) for part in (command.help or "").split("\n\n")]
    options = [param.get_help_record(context) for param in command.params if isinstance(param, click.Option)]
    rows = [(f"`{record[0]}`", record[1]) for record in options if record]
    own = [f"## {context.command_path}", f"```text\n{usage}\n```", *paragraphs]
    if rows:
        own.append(table(("option", "meaning"), rows).strip())
    below = ""
    if isinstance(command, click.Group):
        below = "\n" + "\n".join(_command(one, sub, context) for sub, one in command.commands.items())
    return "\n\n".join(own) + "\n" + below


def credentials() -> str:
    """Return the table of environment variables."""
    rows = (
        (f"`{name}`", ", ".join(f"`{one.variable(key)}`" for key in one.credentials)) for name, one in SYSTEMS.items()
    )
    return table(("system", "variables"), rows)


def configuration() -> str:
    """Return every key of talk.toml, and the environment variables."""
    if find_spec(SETTINGS):
        return str(import_module(SETTINGS).reference())
    head = (
        "# Configuration\n\n`talk.toml` in the data folder configures everything but credentials. Every key has a"
        " default: an empty file is complete. A mistake ends in one line that names the key, what was found and what"
        " would be right.\n\n## Environment variables\n\nCredentials come from the environment alone. A system"
        " without credentials is the sandbox's.\n\n"
    )
    more = table(
        ("variable", "meaning"),
        [
            ("`DAGSTER_HOME`", "The data folder; without it, `data` in the working directory."),
            ("`TALK_ALERT_URL`", "A webhook that is sent each failure once."),
            ("`TALK_SECRET_KEY`", "The key that tokens of people who signed in are encrypted with."),
        ],
    )
    keys = (prose.ROOT / "data" / "talk.toml").read_text("utf-8")
    return f"{head}{credentials()}\n{more}\n## talk.toml\n\n```toml\n{keys}```\n"


def entities() -> str:
    """Return the entities with their fields and rules, and what each type of field means."""
    head = (
        "# Entities and fields\n\nLinked records describe one entity. The match rules are tried in the order shown,"
        " after the external reference that a create leaves in the record. A rule applies only where its value is"
        " unique on both sides, case aside.\n\n## Types\n\nEvery value travels as text; blank is null.\n\n"
    )
    head += table(("type", "canonical text"), _formats()) + "\n"
    return head + "\n".join(_entity(one) for one in ENTITIES.values()) + "\n" + _line()


def _formats() -> Iterator[tuple[str, str]]:
    """What the docstring of the types says of each."""
    meanings = " ".join((Kind.__doc__ or "").split("\n\n")[1].split()).rstrip(".").replace("`LINE`", "an order line")
    for meaning in meanings.split("; "):
        name, _, says = meaning.partition(" ")
        yield Kind[name].value, says.removeprefix("is ")


def _entity(entity: Entity) -> str:
    rules = "".join(
        f"{at}. {rule.name}{f', within one {rule.within}' if rule.within else ''}"
        f"{', decisive: different values never match' if rule.decisive else ''}\n"
        for at, rule in enumerate(entity.rules, 1)
    )
    fields = ((f"`{one.name}`", _type(one), _in(entity, one)) for one in entity.fields)
    return f"## {entity.name}\n\n{rules}\n{table(('field', 'type', 'collections'), fields)}"


def _line() -> str:
    rows = table(("field", "type"), ((f"`{one.name}`", _type(one)) for one in LINE.values()))
    return f"## Order lines\n\nThe field `lines` of an order is a list of these.\n\n{rows}"


def _type(field: Field) -> str:
    if field.kind is Kind.REFERENCE:
        return f"reference to {field.to}"
    return field.kind.value + (f": {', '.join(field.values)}" if field.values else "")


def _in(entity: Entity, field: Field) -> str:
    keys = (key for key, one in _collections() if one.entity is entity and field.name in one.lens.fields)
    return ", ".join(f"`{key}`" for key in keys)


def _collections() -> Iterator[tuple[str, Collection]]:
    for name, known in SYSTEMS.items():
        for collection in known.build(SystemSettings()).collections:
            yield f"{name}/{collection.name}", collection


def systems() -> str:
    """Return the dataflows with their pairs, and every collection with its lens."""
    pairs = ((f"`{flow.name}`", f"`{pair.left}`", f"`{pair.right}`") for flow in DATAFLOWS for pair in flow.pairs)
    own = dict(_collections())
    parts = [
        (
            "# Systems and dataflows\n\nA pair demands that every record of its left collection has a record in its"
            " right one. Edits travel both ways.\n"
        ),
        f"## Dataflows\n\n{table(('dataflow', 'left', 'right'), pairs)}",
    ]
    for name, known in SYSTEMS.items():
        address = f"`{known.base_url}`" if known.base_url else "yours"
        parts.append(f"## {name}\n\n{known.label}. Base URL: {address}.\n")
        parts += [_lens(key, one) for key, one in own.items() if key.startswith(f"{name}/")]
    return "\n".join(parts)


def _lens(key: str, collection: Collection) -> str:
    rows = (
        (f"`{row.field}`", f"`{row.property}`", row.type, row.direction, row.limits)
        for row in properties.rows(collection)
    )
    return f"### {key}\n\nEntity: {collection.entity.name}.\n\n{table(properties.HEADINGS, rows)}"


def graph() -> str:
    """Return every asset by group, and the asset checks."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for head, below in re.findall(r"^(\S+ \(.+\))\n((?:    .+\n?)*)", GRAPH.read_text("utf-8"), re.MULTILINE):
        key, group, kinds = re.fullmatch(r"(\S+) \((.+?); (.+)\)", head).groups()  # type: ignore[union-attr]  # as above
        deps = ", ".join(f"`{dep}`" for dep in below.split())
        groups.setdefault(group, []).append((f"`{key}`", kinds, deps))
    parts = [
        (
            "# Asset graph\n\nOne asset group per entity. `<system>/<collection>` is what a system shows,"
            " `<entity>_links` which records belong together, `<entity>_golden` what they agree on, `…_changes` what"
            " must be written, `…_writes` what was sent. One step per system reads, one per entity reconciles, one per"
            " system writes.\n"
        )
    ]
    parts += [f"## Group {name}\n\n{table(('asset', 'kinds', 'depends on'), rows)}" for name, rows in groups.items()]
    checks = ((f"`{name}`", "yes" if name in BLOCKING else "no", says) for name, says in SAYS.items())
    parts.append(f"## Asset checks\n\n{table(('check', 'blocks', 'what holds, and what to do otherwise'), checks)}")
    return "\n".join(parts)


def failures() -> str:
    """Return every error, with what it means and what to do."""
    drawn = dict(re.findall(r"([A-Z]\w+) {2,}(\S.*)", errors.__doc__ or ""))
    every = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.TalkError)]
    rows = (
        (f"`{one.__name__}`", f"`{one.__bases__[0].__name__}`", _said(one), drawn.get(one.__name__, ""))
        for one in sorted(every, key=lambda one: [base.__name__ for base in reversed(one.mro())])
    )
    head = (
        "# Errors\n\nAn error of this package ends a command in one line, `talk: …`, and exit status 1. The line names"
        " the place, what was found there and what would be right. No message holds credentials.\n\n"
    )
    return head + table(("error", "is a", "meaning", "what to do"), rows)


def _said(one: type) -> str:
    return " ".join((one.__doc__ or "").split("\n\n")[0].split())


def glossary() -> str:
    """Return the agreed words."""
    return f"# Glossary\n\nThe first {len(words.SEVEN)} words carry the rest.\n\n{words.table()}"


def rooms() -> str:
    """Return every room of the package with its floor, counted from the top, and the sentence that it begins with."""
    rows = [
        (str(at), f"`{name}`", _sentence(f"talk_assets.{name}"))
        for at, floor in enumerate(FLOORS, 1)
        for name in sorted(floor)
    ]
    within = [("", f"`sync/{name}`", _sentence(f"talk_assets.sync.{name}")) for name in ON_THE_WAY]
    at = next(n for n, row in enumerate(rows) if row[1] == "`sync`") + 1
    return table(("floor", "room", "what it is"), rows[:at] + within + rows[at:])


def _sentence(module: str) -> str:
    return " ".join((import_module(module).__doc__ or "").split("\n\n")[0].split())


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/commands.md": commands,
    "docs/reference/configuration.md": configuration,
    "docs/reference/entities.md": entities,
    "docs/reference/systems.md": systems,
    "docs/reference/graph.md": graph,
    "docs/reference/errors.md": failures,
    "docs/reference/glossary.md": glossary,
}
"""Each generated page, by its path from the root."""


def written(page: str) -> str:
    """Return a generated page as it stands in its file."""
    return NOTE + PAGES[page]()
