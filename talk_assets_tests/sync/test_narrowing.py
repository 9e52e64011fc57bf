"""Which part of a refused change is sent next, and what is held in the end."""

from dataclasses import dataclass, field

import pytest

from talk_assets.model.lens.lens import Email, Lens, Text
from talk_assets.model.system import Action, Outcome
from talk_assets.sync.write.narrowing import MOST, Narrowing, Refusal

NAMES = tuple("abcdefghijkl")
LENS = Lens(**{name: Text(f"inner.{name}") for name in NAMES})
DEMANDING = Lens(name=Text("Name", blank="-"), email=Email("Mail.Address"), city=Text("Mail.City"))


@dataclass
class Api:
    """Refuses what `bad` names, all or none of a write; says so in the same words, and counts the requests."""

    bad: frozenset[str]
    lens: Lens
    action: Action = Action.UPDATE
    properties: tuple[str, ...] = ()
    whole: bool = False
    requests: int = 0
    taken: set[str] = field(default_factory=set)
    created: bool = False

    def answer(self, entity: str, fields: tuple[str, ...]) -> Refusal:
        self.requests += 1
        action = Action.UPDATE if self.created else self.action
        refused = self.whole or not self.bad.isdisjoint(fields)
        if not refused:
            self.taken |= set(fields)
            self.created = self.created or action is Action.CREATE
        outcome = Outcome.REFUSED if refused else Outcome.DONE
        named = self.properties if refused else ()
        return Refusal(entity, action, dict.fromkeys(fields, "x"), outcome, "not like this", named)


def narrowed(api: Api, fields: tuple[str, ...]) -> tuple[set[str], bool]:
    """Send as long as there is something to send; return the fields that are held, and whether the whole is."""
    narrowing, held, whole = Narrowing(), set[str](), False
    while True:
        part = narrowing.part("e")
        left = tuple(name for name in fields if name not in held and name not in api.taken)
        verdict = narrowing.judge([api.answer("e", left if part is None else part)], api.lens)
        held |= set(verdict.fields.get("e", {}))
        whole = whole or bool(verdict.changes)
        if "e" not in verdict.again:
            return held, whole


@pytest.mark.parametrize("bad", NAMES)
def test_one_value_among_twelve_is_found_and_the_others_are_written(bad: str) -> None:
    api = Api(frozenset(bad), LENS)
    assert narrowed(api, NAMES) == ({bad}, False)
    assert api.taken == set(NAMES) - {bad}
    assert api.requests <= 9


def test_two_values_are_found() -> None:
    bad = frozenset("al")
    api = Api(bad, LENS)
    held, whole = narrowed(api, NAMES)
    assert held >= bad
    assert not whole
    assert api.taken == set(NAMES) - held
    assert api.requests <= MOST + 3


def test_what_is_refused_whatever_is_sent_is_held_as_a_whole_after_a_bounded_number_of_requests() -> None:
    api = Api(frozenset(), LENS, whole=True)
    assert narrowed(api, NAMES) == (set(), True)
    assert api.requests <= 2 * MOST


@pytest.mark.parametrize("said", ["Mail.Address", "mail.address", "body.Mail.Address"])
def test_a_value_that_is_named_takes_one_request_more(said: str) -> None:
    api = Api(frozenset({"email"}), DEMANDING, properties=(said,))
    assert narrowed(api, ("name", "email", "city")) == ({"email"}, False)
    assert api.requests == 2


def test_of_an_object_that_is_named_only_what_is_refused_is_held() -> None:
    api = Api(frozenset({"email"}), DEMANDING, properties=("Mail",))
    assert narrowed(api, ("name", "email", "city")) == ({"email"}, False)
    assert api.taken == {"name", "city"}


def test_a_record_is_created_with_what_it_cannot_be_without_and_completed() -> None:
    api = Api(frozenset({"email"}), DEMANDING, Action.CREATE)
    assert narrowed(api, ("name", "email", "city")) == ({"email"}, False)
    assert api.taken == {"name", "city"}


def test_a_record_whose_required_value_is_refused_is_held_as_a_whole() -> None:
    api = Api(frozenset({"name"}), DEMANDING, Action.CREATE, properties=("Name",))
    assert narrowed(api, ("name", "email")) == (set(), True)
    assert api.requests == 1
    api = Api(frozenset({"name"}), DEMANDING, Action.CREATE)
    assert narrowed(api, ("name", "email")) == (set(), True)
    assert api.requests == 2


def test_a_record_is_never_created_without_any_value() -> None:
    api = Api(frozenset({"email"}), DEMANDING, Action.CREATE)
    assert narrowed(api, ("email",)) == (set(), True)
    assert api.requests == 1


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.FAILED, Outcome.STALE, Outcome.GONE])
def test_what_is_not_known_or_may_work_later_ends_the_search(outcome: Outcome) -> None:
    narrowing = Narrowing()
    first = Refusal("e", Action.UPDATE, dict.fromkeys("ab", "x"), Outcome.REFUSED, "no")
    assert narrowing.judge([first], LENS).again == {"e"}
    verdict = narrowing.judge([Refusal("e", Action.UPDATE, {"a": "x"}, outcome, "lost")], LENS)
    assert (verdict.again, verdict.held) == (set(), set())
    assert narrowing.part("e") is None
