"""What talk.toml may say of how a system is spoken with, and how each mistake reads."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from talk_assets.config.configuration import Config, load
from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.access import AuthType
from talk_assets.http.api import Changes, Follow, Paging, Request, Since
from talk_assets.http.rest import Profile, RestCollection
from talk_assets.http.shapes import Keyed, LineTotals
from talk_assets.model.lens.lens import NEVER, Decimal, FullName, Text
from talk_assets.sync.read.records import parse
from talk_assets.systems import SYSTEMS

SECRET = "hunter2-not-to-be-seen"
ERP = '[systems.customerp]\nbase_url = "https://erp.example.com"\n'
SHOP = '[systems.customwebshop]\nbase_url = "https://shop.example.com"\n'
TOKEN = {"TALK_CUSTOMERP_TOKEN": SECRET}
KEYS = {"TALK_CUSTOMWEBSHOP_CONSUMER_KEY": SECRET, "TALK_CUSTOMWEBSHOP_CONSUMER_SECRET": SECRET}
CRMOFFICE = ("client_id", "client_secret", "refresh_token", "tenant")
SHIPPED = (Path(__file__).parent.parent / "data" / "talk.toml").read_text("utf-8")


def configured(folder: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    (folder / "talk.toml").write_text(text, "utf-8")
    return load(folder, TOKEN if environ is None else environ)


def profile(folder: Path, text: str, environ: dict[str, str] | None = None, system: str = "customerp") -> Profile:
    found = configured(folder, text, environ).systems[system].profile
    assert found
    return found


def default(system: str = "customerp") -> Profile:
    found = SYSTEMS[system].profile
    assert found
    return found


def collection(found: Profile, name: str) -> RestCollection:
    (one,) = [one for one in found.collections if one.name == name]
    return one


def test_what_is_not_said_stays_as_it_is(tmp_path: Path) -> None:
    assert repr(profile(tmp_path, ERP)) == repr(default())


@pytest.mark.parametrize(
    ("system", "environ"),
    [
        ("customerp", TOKEN),
        ("customwebshop", KEYS),
        ("crmoffice", {f"TALK_CRMOFFICE_{name.upper()}": SECRET for name in CRMOFFICE}),
    ],
)
def test_a_profile_of_which_one_key_is_set_keeps_all_the_others(
    tmp_path: Path, system: str, environ: dict[str, str]
) -> None:
    text = f'[systems.{system}]\nbase_url = "https://api.example.com"\n[systems.{system}.auth]\nscope = "all"'
    found = profile(tmp_path, text, environ, system)
    assert found.access.scope == "all"
    assert repr(replace(found, access=default(system).access)) == repr(default(system))


def test_the_keys_that_the_file_describes_have_the_values_of_the_default_profile(tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") for line in SHIPPED.splitlines() if "= " in line or line.startswith("# [")]
    text = "\n".join(lines)
    assert repr(profile(tmp_path, text)) == repr(default())
    shop = text.replace("[systems.customwebshop]\n", SHOP)
    assert repr(profile(tmp_path, shop, TOKEN | KEYS, "customwebshop")) == repr(default("customwebshop"))


def test_every_key_there_is_is_described_in_the_file(tmp_path: Path) -> None:
    """An unknown key is answered with the known ones, section by section."""
    sections = ["auth", "by_reference", "envelope", "paging", "changes", "by_id", "list", "writing", "writing.update"]
    sections += ["collections.contact", "keyed.meta_data", "line_totals.line_items", "trash"]
    for section in sections:
        with pytest.raises(ConfigurationError) as caught:
            configured(tmp_path, f"{ERP}[systems.customerp.{section}]\nzzz = 1")
        known = str(caught.value).partition("Known are ")[2].rstrip(".").split(", ")
        assert not [key for key in known if not re.search(rf"\b{key} = |\.{key}\]", SHIPPED)], section


def test_a_system_of_the_sandbox_keeps_the_profile_it_came_with(tmp_path: Path) -> None:
    text = '[systems.customerp.auth]\ntype = "basic"\n[systems.customerp.paging]\nsize = 5'
    settings = configured(tmp_path, text, {}).systems["customerp"]
    assert settings.sandbox
    assert settings.profile is None


@pytest.mark.parametrize(
    ("auth", "names"),
    [
        ('type = "basic"', ["USERNAME", "PASSWORD"]),
        ('type = "bearer"', ["TOKEN"]),
        ('type = "header"\nname = "X-Api-Key"', ["API_KEY"]),
        ('type = "query"\nname = "key"', ["API_KEY"]),
        ('type = "client_credentials"\ntoken_url = "/token"', ["CLIENT_ID", "CLIENT_SECRET"]),
    ],
)
def test_each_way_to_prove_who_is_speaking_has_its_variables(tmp_path: Path, auth: str, names: list[str]) -> None:
    text = f"{ERP}[systems.customerp.auth]\n{auth}"
    environ = {f"TALK_CUSTOMERP_{name}": SECRET for name in names}
    settings = configured(tmp_path, text, environ).systems["customerp"]
    assert not settings.sandbox
    assert set(settings.credentials) == {name.lower() for name in names}
    assert SECRET not in repr(settings)
    with pytest.raises(CredentialsError, match=f"TALK_CUSTOMERP_{names[0]}"):
        configured(tmp_path, text, {})


@pytest.mark.parametrize(
    ("system", "configured_way", "variable", "said"),
    [
        (
            "customerp", "", "API_KEY",
            (
                'signs in with auth.type = "bearer", not with TALK_CUSTOMERP_API_KEY, and needs TALK_CUSTOMERP_TOKEN.'
                ' Set TALK_CUSTOMERP_TOKEN instead. Or, to sign in with TALK_CUSTOMERP_API_KEY, set type = "header" or'
                ' type = "query" under [systems.customerp.auth] in talk.toml.'
            ),
        ),
        ("customerp", "basic", "TOKEN", "needs TALK_CUSTOMERP_USERNAME and TALK_CUSTOMERP_PASSWORD."),
        ("customerp", "basic", "TOKEN", 'to sign in with TALK_CUSTOMERP_TOKEN, set type = "bearer" under'),
        ("customwebshop", "bearer", "CONSUMER_KEY", 'with TALK_CUSTOMWEBSHOP_CONSUMER_KEY, set type = "query_pair"'),
    ],
)  # fmt: skip
def test_a_credential_of_another_way_of_signing_in_names_the_way(
    tmp_path: Path, system: str, configured_way: str, variable: str, said: str
) -> None:
    way = f'[systems.{system}.auth]\ntype = "{configured_way}"' if configured_way else ""
    with pytest.raises(CredentialsError) as refused:
        configured(tmp_path, f"{ERP}{way}", {f"TALK_{system.upper()}_{variable}": SECRET})
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("type_", "own"), [("none", {}), ("basic", {"USERNAME": SECRET, "PASSWORD": SECRET}), ("bearer", {"TOKEN": SECRET})]
)
def test_a_credential_of_another_data_folder_is_left_alone(tmp_path: Path, type_: str, own: dict[str, str]) -> None:
    """Whoever has several in one shell has variables of each."""
    others = {"API_KEY": SECRET, "CLIENT_ID": SECRET, "TOKEN": SECRET}
    environ = {f"TALK_CUSTOMERP_{name}": value for name, value in {**others, **own}.items()}
    settings = configured(tmp_path, f'{ERP}[systems.customerp.auth]\ntype = "{type_}"', environ).systems["customerp"]
    assert not settings.sandbox
    assert set(settings.credentials) == {name.lower() for name in own}


def test_what_follows_in_another_way_begins_anew(tmp_path: Path) -> None:
    """Neither the members of a feed nor what it is asked for mean anything to an API with numbered pages."""
    text = (
        f'{ERP}[systems.customerp.envelope]\nitems = ""\n[systems.customerp.paging]\nby = "page"\n'
        '[systems.customerp.changes]\nby = "none"'
    )
    api = profile(tmp_path, text).api
    assert api.paging == Paging(Follow.PAGE, "page", "limit", 1000)
    assert api.changes == Changes()


def test_an_api_without_credentials_is_somebody_s_own_once_it_has_an_address(tmp_path: Path) -> None:
    text = f'{ERP}[systems.customerp.auth]\ntype = "none"'
    settings = configured(tmp_path, text, {}).systems["customerp"]
    assert not settings.sandbox
    assert settings.profile
    assert settings.profile.access.type is AuthType.NONE


def test_parts_of_the_api_are_replaced_one_by_one(tmp_path: Path) -> None:
    text = (
        f"{ERP}params = {{ active = '1' }}\n"
        '[systems.customerp.paging]\nby = "offset"\nparam = "skip"\nsize = 50\n'
        '[systems.customerp.changes]\nby = "time"\nparam = "since"\nspelling = "epoch"\noverlap = 5.5\nparams = {}\n'
        '[systems.customerp.writing]\nif_match_header = ""\nupdate = { verb = "PUT" }'
    )
    api = profile(tmp_path, text).api
    assert (api.paging.by, api.paging.param, api.paging.size_param) == (Follow.OFFSET, "skip", "limit")
    assert (api.changes.by, api.changes.overlap, api.changes.params) == (Since.TIME, 5.5, {})
    assert api.writing.update == Request("PUT", "{path}/{id}", media="application/merge-patch+json")
    assert api.params == {"active": "1"}
    assert api.by_id == default().api.by_id


def test_without_versions_and_without_a_look_before_a_write_changes_are_read_again_instead(tmp_path: Path) -> None:
    text = ERP + '[systems.customerp.writing]\nif_match_header = ""\n'
    assert not collection(profile(tmp_path, text), "contact").optimistic_lock
    assert collection(profile(tmp_path, text + "recheck = true"), "contact").optimistic_lock


def test_the_property_behind_a_field_keeps_what_is_not_said_of_it(tmp_path: Path) -> None:
    text = (
        f"{ERP}[systems.customerp.collections.product.fields]\n"
        'name = "title"\nunit_price = { property = "price", wire = "number", writable = "never" }\ngtin = false\n'
    )
    lens = collection(profile(tmp_path, text), "product").lens
    assert lens.property_of("name") == Text("title", max_length=255, blank="-")
    assert lens.property_of("unit_price") == Decimal("price", wire="number", writable=NEVER)
    assert "gtin" not in lens.fields


def test_a_field_that_the_default_does_not_map_gets_a_property_of_its_kind(tmp_path: Path) -> None:
    text = f'{ERP}[systems.customerp.collections.customer.fields]\ndepartment_code = "unit"\n'
    assert collection(profile(tmp_path, text), "customer").lens.property_of("department_code") == Text("unit")


def test_one_property_may_hold_both_names(tmp_path: Path) -> None:
    text = f'{ERP}[systems.customerp.collections.contact.fields]\nfull_name = "display_name"\n'
    lens = collection(profile(tmp_path, text), "contact").lens
    assert lens.property_of("first_name") == lens.property_of("last_name") == FullName("display_name")


def test_a_time_may_be_a_number_since_1970(tmp_path: Path) -> None:
    text = (
        f'{ERP}[systems.customerp.collections.project]\nmodified = {{ property = "touched", wire = "epoch_ms" }}\n'
        '[systems.customerp.collections.project.fields]\nstarts_at = { property = "begin", wire = "epoch" }\n'
    )
    project = collection(profile(tmp_path, text), "project")
    body = b'[{"id": 1, "touched": 1715934600500, "begin": 1715934600}, {"id": 2, "touched": null, "begin": "soon"}]'
    parsed = parse(project, body)
    assert parsed.records["_modified"].to_list() == [datetime(2024, 5, 17, 8, 30, 0, 500_000, UTC), None]
    values = project.lens.get(parsed.records)
    assert values["starts_at"].to_list() == ["2024-05-17T08:30:00.000000Z", None]
    assert project.lens.put(values.select("starts_at")).to_list()[0] == '{"begin":1715934600}'
    assert parsed.values["property"].to_list() == ["begin"]


def test_the_shop_s_shapes_can_be_changed_taken_away_and_added_to(tmp_path: Path) -> None:
    text = (
        f"{SHOP}keyed = {{ attributes = {{ key = 'name' }} }}\n"
        "[systems.customwebshop.line_totals]\nline_items = false\n"
        "[systems.customwebshop.collections.order.fields]\n"
        'lines = { unit_price = "each", discount = false, quantity = { property = "count", wire = "string" } }'
    )
    found = profile(tmp_path, text, KEYS, "customwebshop")
    configurable = [shape for shape in found.api.shapes if isinstance(shape, Keyed | LineTotals)]
    assert configurable == [Keyed("meta_data"), Keyed("attributes", "name")]
    assert LineTotals("line_items") in default("customwebshop").api.shapes
    lines = collection(found, "order").lens.lines
    assert lines
    assert (lines.unit_price, lines.discount) == (Decimal("each", vat=""), None)
    assert lines.quantity == Decimal("count", wire="string")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[systems.customerp.pagng]\nby = 'page'", ["systems.customerp.pagng", "did you mean paging?"]),
        ("[systems.customerp.paging]\nby = 'cursr'", ["paging.by", "'cursr'", '"cursor"', "did you mean cursor?"]),
        ("[systems.customerp.paging]\nsize = 'ten'", ["paging.size", "'ten'", "a whole number"]),
        ("[systems.customerp.paging]\nsize = 0", ["paging.size", "0", "a whole number from 1 to"]),
        ("[systems.customerp.paging]\nparam = ''", ["paging.param", "is not set", 'by = "cursor"']),
        ("[systems.customerp.paging]\nnext = ''", ["paging.next", "is not set", "meta.next"]),
        ("[systems.customerp.paging]\nby = 'page'", ["changes.by", "'cursor'", '"time" or "none"']),
        ("[systems.customerp.changes]\nby = 'time'", ["changes.param", "is not set", "updated_since"]),
        ("[systems.customerp.changes]\noverlap = -1", ["changes.overlap", "-1", "a number from 0"]),
        ("[systems.customerp.changes]\nparams = 'all'", ["changes.params", "'all'", "a section"]),
        ("[systems.customerp.changes]\nparams = { all = true }", ["changes.params.all", "true", "a text in quotes"]),
        ("[systems.customerp.auth]\ntype = 'header'", ["auth.name", "is not set", "X-Api-Key"]),
        ("[systems.customerp.auth]\ntype = 'client_credentials'", ["auth.token_url", "is not set", "/oauth/token"]),
        ("[systems.customerp.auth]\ntype = 'refresh_token'", ["auth.token_url", "is not set", "/oauth/token"]),
        ("[systems.customerp.auth]\ntype = 'magic'", ["auth.type", "'magic'", '"bearer"']),
        ("[systems.customerp.writing]\nupdate = { path = '/x' }", ["writing.update.path", "'/x'", "{id}"]),
        ("[systems.customerp.writing]\nfull_update = 'yes'", ["writing.full_update", "'yes'", "true or false"]),
        ("[systems.customerp.by_id]\nbatch_size = 0", ["by_id.batch_size", "a whole number from 1 to"]),
        ("[systems.customerp.collections.contacts]\nid = 'x'", ["no such collection", "did you mean contact?"]),
        ("[systems.customerp.collections.contact]\nversion = false", ["contact.version", "false", "the version"]),
        ("[systems.customerp.collections.contact]\nignore = 'x'", ["contact.ignore", "'x'", "a list of texts"]),
        ("[systems.customerp.collections.contact.fields]\nmobil = 'x'", ["mobil", "did you mean mobile?"]),
        ("[systems.customerp.collections.contact.fields]\nmobile = 5", ["fields.mobile", "5", "false for none"]),
        ("[systems.customerp.collections.contact.fields]\nmobile = ''", ["fields.mobile", "not empty"]),
        ("[systems.customerp.collections.contact.fields]\nmobile = { name = 'x' }", ["mobile.name", "no such key"]),
        (
            "[systems.customerp.collections.product.fields]\nunit_price = { wire = 'text' }",
            ["unit_price.wire", "'text'", '"number" or "string"'],
        ),
        (
            "[systems.customerp.collections.contact.fields]\nmobile = 'email'",
            ["contact.fields", "mobile: email holds email as well"],
        ),
        (
            "[systems.customerp.collections.contact.fields]\ncompany = { to = 'firms' }",
            ["contact.fields", "firms", "customer"],
        ),
        (
            "[systems.customerp.collections.order.fields]\nstatus = { values = { open = 'draft' } }",
            ["order.fields", "confirmed"],
        ),
        ("[systems.webcrm.paging]\nsize = 5", ["systems.webcrm.paging", "no such key"]),
    ],
)
def test_every_mistake_names_the_place_what_was_found_and_what_is_right(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured(tmp_path, text, {})
    message = str(caught.value)
    assert "\n" not in message
    for part in (str(tmp_path / "talk.toml"), *parts):
        assert part in message


@pytest.mark.parametrize("place", ["", ".auth", ".params", ".writing.create.params"])
@pytest.mark.parametrize("name", ["token", "password", "api_key"])
def test_a_credential_in_the_file_is_refused_without_repeating_it(tmp_path: Path, place: str, name: str) -> None:
    with pytest.raises(CredentialsError, match=f"TALK_CUSTOMERP_{name.upper()}") as caught:
        configured(tmp_path, f'[systems.customerp{place}]\n{name} = "{SECRET}"', {})
    assert SECRET not in str(caught.value)
