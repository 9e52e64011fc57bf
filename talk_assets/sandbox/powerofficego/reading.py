"""How Powerofficego shows records: lists with filters and pages, and single records, perhaps of a moment ago.

Nothing here writes. Which filters a list has is in `properties`; other parameters are passed over.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from talk_assets.sandbox.powerofficego.properties import DEPARTMENTS, LINES, SALES_ORDERS, SUPPLIERS, Table
from talk_assets.sandbox.powerofficego.records import TICKS, Record, Rejected, missing, ticks
from talk_assets.sandbox.store import Shelf, Stored
from talk_assets.sandbox.wire import HttpRequest, Reply, dumps, reply

RANGE = re.compile(r"(\d+)-(\d+)")
PAGE, LARGEST_PAGE = 5000, 20000
CHANGED = "lastchangeddatetimeoffsetgreaterthan"
BEGINNING = -1
PAGED = {"pagenumber", "pagesize"}


def load(record: Stored) -> Record:
    """A record's properties."""
    found: Record = json.loads(record.body)
    return found


class Replica:
    """What GETs see: the shelves as they stood `lag` seconds ago."""

    def __init__(self, shelves: Mapping[str, Shelf], switches: Mapping[str, Any], now: Callable[[], int]) -> None:
        self._shelves, self._switches, self._now = shelves, switches, now
        self._past: dict[tuple[str, object], list[tuple[int, Stored | None]]] = {}

    def note(self, table: Table, id_: int | str, new: Stored | None) -> None:
        """A record is about to become `new`, null where it goes."""
        if self._switches["lag"]:
            versions = self._past.setdefault((table.path, id_), [])
            if not versions:
                versions.append((BEGINNING, self._shelves[table.path].get(id_)))
            versions.append((self._now(), new))

    def get(self, table: Table, id_: int | str) -> Stored | None:
        """A record as it is seen."""
        versions = self._past.get((table.path, id_))
        return self._seen(versions) if versions else self._shelves[table.path].get(id_)

    def select(self, table: Table, terms: Sequence[tuple[str, str, Any]] = (), **how: Any) -> list[Stored]:  # noqa: ANN401 -- what `Shelf.select` takes
        """Records as they are seen; while some of them are not seen as they are, all that there are, in any order."""
        hidden = {id_: self._seen(versions) for (path, id_), versions in self._past.items() if path == table.path}
        if not hidden:
            return self._shelves[table.path].select(terms, **how)
        rows = [row for row in self._shelves[table.path].select() if row.id not in hidden]
        return rows + [row for row in hidden.values() if row is not None]

    def reconcile(self) -> None:
        """Forget what everybody sees by now."""
        until = self._horizon()
        self._past = {key: versions for key, versions in self._past.items() if versions[-1][0] > until}

    def lagging(self, table: Table) -> bool:
        """Whether something is not seen as it is."""
        return any(path == table.path for path, _ in self._past)

    def _seen(self, versions: Sequence[tuple[int, Stored | None]]) -> Stored | None:
        return [row for at, row in versions if at <= self._horizon()][-1]

    def _horizon(self) -> int:
        return self._now() - int(self._switches["lag"] * TICKS)


class Finder:
    """Answers GETs; `switches` are the system's, as they stand at each request, `place` is where a page begins."""

    def __init__(self, replica: Replica, switches: Mapping[str, Any], place: Callable[[int], int]) -> None:
        self._replica, self._switches, self._place = replica, switches, place

    def one(self, table: Table, id_: int | str, parent: int | str | None = None) -> Reply:
        """Answer with a record, of a parent where it has one; an invoiced order only where a switch says so."""
        found = self._replica.get(table, id_)
        if found is None or (found.gone and not self._switches["invoiced_by_id"]):
            raise missing(table, id_)
        record = load(found)
        if parent is not None and parent not in {record.get("ContactId"), record.get("SalesOrderId")}:
            raise missing(table, id_)
        return Reply(body=dumps(self.shown(table, record, single=True)))

    def order(self, request: HttpRequest, rest: Sequence[str]) -> Reply:  # noqa: PLR0911 -- one for each path
        """Answer what is asked about orders; `rest` is the path after the collection."""
        match [part.lower() for part in rest]:
            case []:
                return self.page(SALES_ORDERS, request)
            case ["sentstate"]:
                return self._sent_state(request.query.get("id", ""))
            case [id_]:
                return self.one(SALES_ORDERS, id_)
            case [id_, "complete"]:
                return reply(self._complete(id_))
            case [id_, "lines"]:
                return self.page(LINES, request, id_)
            case [id_, "lines", line]:
                return self.one(LINES, line, id_)
        return nowhere()

    def _sent_state(self, id_: str) -> Reply:
        found = self._replica.get(SALES_ORDERS, id_)
        if found is None or not found.gone:
            raise missing(SALES_ORDERS, id_)
        return reply({"Id": id_, "State": "Sent"})

    def _complete(self, id_: str) -> Record:
        found = self._replica.get(SALES_ORDERS, id_)
        if found is None or found.gone:
            raise missing(SALES_ORDERS, id_)
        return {**load(found), "SalesOrderLines": self.lines_of(id_)}

    def lines_of(self, order: str) -> list[Record]:
        """An order's lines as they are seen, in their order."""
        rows = map(load, self._replica.select(LINES, [("SalesOrderId", "=", order)]))
        return sorted(
            (row for row in rows if row["SalesOrderId"] == order), key=lambda row: (row["SortOrder"], row["Id"])
        )

    def page(self, table: Table, request: HttpRequest, order: str | None = None) -> Reply:
        """Answer with a page; `order` is the one whose lines are asked for."""
        query = {name.lower(): value for name, value in request.query.items()}
        unknown = next((name for name in query if name.startswith("$")), None)
        if unknown:
            message = f"The query parameter '{unknown}' is not supported."
            raise Rejected(message)
        size, number = _number(query, "pagesize", PAGE, LARGEST_PAGE), _number(query, "pagenumber", 1, 1_000_000)
        rows, total = self._rows(table, query, self._place((number - 1) * size), size, order)
        shown = [dumps(_projected(self.shown(table, row), query.get("fields"))) for row in rows]
        headers = self._paging(request, number, size, total)
        if not shown and self._switches["empty_204"]:
            return Reply(204, headers=headers)
        return Reply(body=b"[" + b",".join(shown) + b"]", headers=headers)

    def _rows(
        self, table: Table, query: Mapping[str, str], first: int, size: int, order: str | None
    ) -> tuple[list[Record], int]:
        if order is not None:
            self.one(SALES_ORDERS, order)
            found = self.lines_of(order)
            return found[first : first + size], len(found)
        tests = [(name, _wanted(query[param])) for param, name in table.filters.items() if query.get(param, "").strip()]
        terms: list[tuple[str, str, Any]] = [("gone", "=", 0)]
        since = self._since(query)
        if since is not None:
            terms.append(("stamp", ">" if self._switches["strict_filter"] else ">=", since))
        by, _, way = query.get("orderby", "").partition(" ")
        named = next((name for name in table.properties if name.lower() == by.strip().lower()), None)
        column = {"id": "id", CHANGED[:25]: "stamp"}.get(by.lower(), "stamp")  # nobody says in what order they come
        down = way.strip().lower() == "desc"
        sorted_here = named is not None and by.lower() not in {"id", CHANGED[:25]}
        if tests or sorted_here or self._replica.lagging(table):
            rows = self._replica.select(table, terms)
            rows = [row for row in rows if not row.gone and (since is None or row.stamp > since)]
            rows.sort(key=lambda row: (row.stamp if column == "stamp" else 0, row.id), reverse=down)
            kept = [row for row in map(load, rows) if all(meets(_text(row[name])) for name, meets in tests)]
            if named is not None and sorted_here:
                kept.sort(key=lambda row: _sortable(row[named]), reverse=down)
            return kept[first : first + size], len(kept)
        rows = self._replica.select(table, terms, order=column, descending=down, limit=size, offset=first)
        full = len(rows) < size and first == 0
        return list(map(load, rows)), len(rows) if full else len(self._replica.select(table, terms))

    def _since(self, query: Mapping[str, str]) -> int | None:
        text = query.get(CHANGED, "").strip()
        if not text:
            return None
        try:
            return ticks(text)
        except ValueError as error:
            message = f"The value '{text}' is not valid."
            raise Rejected(message, title="Unable to cast object(s)") from error

    def _paging(self, request: HttpRequest, number: int, size: int, total: int) -> dict[str, str]:
        """The header with the link to the next page. ASSUMED: all of its keys but `nextPageLink`."""
        if not self._switches["pagination_header"]:
            return {}
        pages = -(-total // size)

        def link(to: int) -> str:
            kept = {name: value for name, value in request.query.items() if name.lower() not in PAGED}
            asked = urlencode({**kept, "PageNumber": to, "PageSize": size})
            return f"http://{request.headers.get('Host', 'localhost')}/powerofficego/{request.path}?{asked}"

        paging = {
            "totalCount": total,
            "pageSize": size,
            "currentPage": number,
            "totalPages": pages,
            "previousPageLink": link(number - 1) if number > 1 else None,
            "nextPageLink": link(number + 1) if number < pages else None,
        }
        return {"X-Pagination": json.dumps(paging)}

    def shown(self, table: Table, record: Record, *, single: bool = False) -> Record:
        """A record as a GET shows it: what is secret is hidden, names in the case that the switches ask for."""
        if record.get("NationalIdNumber") is not None and self._switches["hides_national_id"]:
            record = {**record, "NationalIdNumber": "hidden"}
        if table is SUPPLIERS:
            return {name: value for name, value in record.items() if value is not None}
        if self._switches["nested_camel"]:
            record = {
                name: _camel(value) if isinstance(value, dict) and name == "MailAddress" else value
                for name, value in record.items()
            }
        return _camel(record) if table is DEPARTMENTS and single and self._switches["department_camel"] else record


def nowhere() -> Reply:
    """There is nothing at this path."""
    return reply({"statusCode": 404, "message": "Resource not found"}, 404)


def _camel(record: Record) -> Record:
    return {name[0].lower() + name[1:]: value for name, value in record.items()}


def _projected(record: Record, fields: str | None) -> Record:
    if fields is None or not fields.strip():
        return record
    wanted = {name.strip().lower() for name in fields.split(",")}
    if not wanted <= {name.lower() for name in record}:
        message = "Fields names a property that is not there."
        raise Rejected(message, title="Invalid resourceParameter")
    return {name: value for name, value in record.items() if name.lower() in wanted}


def _wanted(text: str) -> Callable[[str], bool]:
    """What tells whether a value is among those of a filter: `4711,10000-10005` names one and a range."""
    values = {part.strip().lower() for part in text.split(",")}
    ranges = [(int(match[1]), int(match[2])) for value in values if (match := RANGE.fullmatch(value))]
    return lambda value: (
        value in values or (value.isdecimal() and any(low <= int(value) <= high for low, high in ranges))
    )


def _sortable(value: object) -> tuple[bool, bool, Any]:
    """A value as a list is ordered by it: nothing first, numbers by their size, texts whatever their case."""
    number = isinstance(value, int | float)
    return value is not None, not number, value if number else str(value).lower()


def _text(value: object) -> str:
    return str(value).strip().lower()


def _number(query: Mapping[str, str], name: str, default: int, top: int) -> int:
    text = query.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= top:
        message = f"{name} is a number from 1 to {top}, not {text}."
        raise Rejected(message, title="Invalid resourceParameter")
    return int(text)


def first(rows: Iterable[Stored]) -> Stored | None:
    """The first of some records, null where there is none."""
    return next(iter(rows), None)
