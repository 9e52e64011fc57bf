"""What may be configured, what the defaults are, and how each mistake reads."""

from datetime import timedelta
from pathlib import Path

import pytest

from talk_assets.config.configuration import Config, DataflowSettings, Mode, find_folder, load
from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.limit import UNLIMITED, Rate
from talk_assets.model.lens.lens import Phone
from talk_assets.report.health import Expected
from talk_assets.systems import SYSTEMS

SECRET = "hunter2-not-to-be-seen"
WEBCRM = {"TALK_WEBCRM_AUTH_CODE": SECRET}
CUSTOMERP = {"TALK_CUSTOMERP_TOKEN": SECRET}
ERP = '[systems.customerp]\nbase_url = "https://erp.example.com/api/"\n'


def configured(folder: Path, text: str = "", environ: dict[str, str] | None = None) -> Config:
    (folder / "talk.toml").write_text(text, "utf-8")
    return load(folder, environ or {})


def between(config: Config) -> DataflowSettings:
    """The dataflow from Webcrm to Customerp."""
    [found] = [dataflow for dataflow in config.dataflows if dataflow.name == "webcrm-customerp"]
    return found


def complaint(folder: Path, text: str = "", environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        configured(folder, text, environ)
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message
    return message


def of_webcrm(config: Config) -> DataflowSettings:
    """The settings of the dataflow between Webcrm and Customerp."""
    (found,) = [settings for settings in config.dataflows if settings.name == "webcrm-customerp"]
    return found


def test_a_missing_file_and_an_empty_environment_are_the_sandbox_writing_everything(tmp_path: Path) -> None:
    config = load(tmp_path, {})
    assert config.database == tmp_path / "talk.duckdb"
    assert config.systems["webcrm"].base_url == "http://127.0.0.1:8765/webcrm"
    assert all(settings.sandbox for settings in config.systems.values())
    assert config.needs_sandbox
    dataflow = of_webcrm(config)
    assert dataflow.mode is Mode.WRITE
    assert dataflow.pairs == dataflow.dataflow.pairs
    assert len(dataflow.pairs) == 6


def test_the_file_that_ships_says_nothing_but_defaults(tmp_path: Path) -> None:
    shipped = Path(__file__).parent.parent / "data" / "talk.toml"
    assert configured(tmp_path, shipped.read_text("utf-8")) == load(tmp_path, {})


def test_the_examples_in_the_file_that_ships_are_valid_when_uncommented(tmp_path: Path) -> None:
    shipped = (Path(__file__).parent.parent / "data" / "talk.toml").read_text("utf-8")
    lines = [line.removeprefix("# ") for line in shipped.splitlines() if "= " in line or line.startswith("# [")]
    config = configured(tmp_path, "\n".join(lines), CUSTOMERP)
    assert of_webcrm(config).mode is Mode.PLAN
    assert "webcrm/users" not in [pair.left for pair in of_webcrm(config).pairs]


def test_the_sandbox_port_moves_every_system_of_the_sandbox(tmp_path: Path) -> None:
    config = configured(tmp_path, "[sandbox]\nport = 9000")
    assert config.sandbox_port == 9000
    assert config.systems["customerp"].base_url == "http://127.0.0.1:9000/customerp"


def test_one_system_with_real_credentials_puts_its_dataflow_in_plan_mode(tmp_path: Path) -> None:
    config = configured(tmp_path, "", WEBCRM)
    assert not config.systems["webcrm"].sandbox
    assert config.systems["customerp"].sandbox
    assert of_webcrm(config).mode is Mode.PLAN


def test_a_mode_that_is_set_is_followed(tmp_path: Path) -> None:
    text = '[dataflows.webcrm-customerp]\nmode = "{}"'
    tried = f"[systems.customerp]\nsandbox = true\n{text.format('write')}"
    assert of_webcrm(configured(tmp_path, tried, WEBCRM)).mode is Mode.WRITE
    assert of_webcrm(configured(tmp_path, text.format("plan"))).mode is Mode.PLAN


def test_records_that_the_sandbox_invents_are_not_written_to_a_real_system_unless_the_file_says_so(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        configured(tmp_path, '[dataflows.webcrm-customerp]\nmode = "write"', WEBCRM)
    assert str(raised.value).endswith(
        "dataflows.webcrm-customerp.mode: is write, but customerp is the sandbox's: its invented records would be"
        " written to your webcrm. Set the credentials of customerp in the environment; or, if you don't have that"
        " system, enabled = false under [systems.customerp]; or, if webcrm is there to be tried out, sandbox = true"
        " under [systems.customerp]."
    )


def test_the_time_zone_of_a_system_is_utc_unless_it_is_set(tmp_path: Path) -> None:
    assert configured(tmp_path, "").systems["webcrm"].timezone == "UTC"
    found = configured(tmp_path, '[systems.webcrm]\ntimezone = "Europe/Oslo"')
    assert found.systems["webcrm"].timezone == "Europe/Oslo"


def test_the_country_of_the_instance_is_that_of_all_its_systems(tmp_path: Path) -> None:
    found = configured(tmp_path, 'country = "DK"').systems["webcrm"]
    assert found.country == "DK"
    persons = SYSTEMS["webcrm"].build(found).collection("persons").lens
    assert persons.property_of("phone") == Phone("PersonDirectPhone", empty="", region="DK")
    with pytest.raises(ConfigurationError, match='country: is "Danmark", which is no country'):
        configured(tmp_path, 'country = "Danmark"')


def test_base_url_and_rate_of_a_system_can_be_set(tmp_path: Path) -> None:
    config = configured(tmp_path, ERP + 'rate = "10/s"', CUSTOMERP)
    assert config.systems["customerp"].base_url == "https://erp.example.com/api"
    assert config.systems["customerp"].rate == Rate(10, 1.0)


def test_an_option_of_a_system_can_be_chosen_and_other_systems_do_not_have_it(tmp_path: Path) -> None:
    text = '[systems.{}]\ncontacts_under = "10045"'
    config = configured(tmp_path, text.format("poweroffice_peer"))
    assert config.systems["poweroffice_peer"].options == {"contacts_under": "10045"}
    assert config.systems["poweroffice"].options == {}
    assert "no such key" in complaint(tmp_path, text.format("webcrm"))


@pytest.mark.parametrize(
    ("text", "rate"), [("250/min", Rate(250, 60.0)), ("5 / h", Rate(5, 3600.0)), ("unlimited", UNLIMITED)]
)
def test_a_rate_is_requests_per_unit_of_time(tmp_path: Path, text: str, rate: Rate) -> None:
    assert configured(tmp_path, f'[systems.webcrm]\nrate = "{text}"').systems["webcrm"].rate == rate


def test_a_pair_that_is_switched_off_leaves_the_others(tmp_path: Path) -> None:
    config = configured(tmp_path, "[dataflows.webcrm-customerp.pairs.users-contact]\nenabled = false")
    lefts = [pair.left for pair in of_webcrm(config).pairs]
    assert "webcrm/users" not in lefts
    assert len(lefts) == 5


def test_a_dataflow_that_is_switched_off_is_gone(tmp_path: Path) -> None:
    config = configured(tmp_path, "[dataflows.webcrm-customerp]\nenabled = false")
    assert "webcrm-customerp" not in [dataflow.name for dataflow in config.dataflows]


def test_a_system_that_is_switched_off_takes_its_dataflows_with_it(tmp_path: Path) -> None:
    config = configured(tmp_path, "[systems.webcrm]\nenabled = false")
    assert "webcrm" not in config.systems
    assert not [one for one in config.dataflows if "webcrm" in {one.dataflow.left, one.dataflow.right}]


def test_a_suggestion_ends_the_sentence(tmp_path: Path) -> None:
    assert complaint(tmp_path, "[dataflows.webcrm-customerp]\nmode = 'wirte'").endswith("did you mean write?")


def test_an_own_loopback_address_without_credentials_is_a_sandbox(tmp_path: Path) -> None:
    config = configured(tmp_path, '[systems.webcrm]\nbase_url = "http://localhost:9999/webcrm"')
    assert config.systems["webcrm"].sandbox


def test_an_own_api_on_this_machine_needs_credentials_of_its_own_way_of_signing_in(tmp_path: Path) -> None:
    own = """
        [systems.customerp]
        base_url = "http://127.0.0.1:8055"
        auth.type = "header"
        auth.name = "X-Key"
    """
    assert complaint(tmp_path, own) == (
        f"{tmp_path / 'talk.toml'}: systems.customerp.base_url: is http://127.0.0.1:8055, and the section says how"
        " this API is used, but the environment has no credentials for it. Set TALK_CUSTOMERP_API_KEY; or, if a sandbox"
        " is there, sandbox = true."
    )
    assert not configured(tmp_path, own, {"TALK_CUSTOMERP_API_KEY": SECRET}).systems["customerp"].sandbox
    assert configured(tmp_path, f"{own}\nsandbox = true").systems["customerp"].sandbox


def test_a_variable_that_is_set_but_blank_counts_as_not_set(tmp_path: Path) -> None:
    assert configured(tmp_path, "", {"TALK_WEBCRM_AUTH_CODE": " "}).systems["webcrm"].sandbox


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("databse = 'x'", ["databse", "did you mean database?"]),
        ("[systems.webrcm]\nenabled = true", ["systems.webrcm", "no such system", "did you mean webcrm?"]),
        ("[systems.webcrm]\nenabeld = true", ["systems.webcrm.enabeld", "did you mean enabled?"]),
        (
            "[systems.poweroffice_peer]\ncontact_under = '1'",
            ["systems.poweroffice_peer.contact_under", "did you mean contacts_under?"],
        ),
        ("[systems.poweroffice_peer]\ncontacts_under = 1", ["contacts_under", "is 1", "a text in quotes"]),
        ("[systems.webcrm]\nenabled = 'yes'", ["systems.webcrm.enabled", "'yes'", "true or false"]),
        ("[systems.webcrm]\nrate = 'fast'", ["systems.webcrm.rate", "fast", "250/min"]),
        ("[systems.webcrm]\nrate = '0/s'", ["systems.webcrm.rate", "0/s", "250/min"]),
        ("[systems.webcrm]\nrate = 250", ["systems.webcrm.rate", "250", "a text in quotes"]),
        ("[systems]\nwebcrm = 3", ["systems.webcrm", "3", "a section"]),
        ("[systems.webcrm]\ntimezone = 'Oslo'", ["systems.webcrm.timezone", '"Oslo"', 'like "Europe/Oslo"']),
        ("[systems.webcrm]\nbase_url = ''", ["systems.webcrm.base_url", "not empty"]),
        ("[systems.webcrm]\nbase_url = 'api.webcrm.com'", ["systems.webcrm.base_url", "should read like https://"]),
        ("[systems.webcrm]\nbase_url = 'https://x:99999'", ["systems.webcrm.base_url", "should read like https://"]),
        ("[sandbox]\nport = '8765'", ["sandbox.port", "'8765'", "whole number from 1 to 65535"]),
        ("[sandbox]\nport = 99999", ["sandbox.port", "99999", "whole number from 1 to 65535"]),
        ("[sandbox]\nport = true", ["sandbox.port", "true", "whole number"]),
        ("[dataflows.webcrm-custmerp]", ["no such dataflow", "did you mean webcrm-customerp?"]),
        (
            "[dataflows.webcrm-customerp]\nmode = 'wirte'",
            ["mode", "'wirte'", '"plan" or "write"', "did you mean write?"],
        ),
        ("[dataflows.webcrm-customerp]\nmode = 1", ["mode", "is 1", '"plan" or "write"']),
        (
            "[dataflows.webcrm-customerp.pairs.person-contact]\nenabled = false",
            ["pairs.person-contact", "no such pair", "did you mean persons-contact?"],
        ),
        ("[systems.webcrm\nenabled = true", ["is not TOML", "line 1"]),
        ("a = 1\nb = = 2", ["is not TOML", "line 2"]),
    ],
)
def test_every_mistake_names_the_file_the_key_what_was_found_and_what_is_right(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    message = complaint(tmp_path, text)
    for part in (str(tmp_path / "talk.toml"), *parts):
        assert part in message


def test_a_mistake_is_told_even_where_it_stands_under_something_switched_off(tmp_path: Path) -> None:
    text = "[systems.webcrm]\nenabled = false\nrate = 'fast'\n[dataflows.webcrm-customerp]\nmode = 'maybe'"
    assert "rate" in complaint(tmp_path, text)


def test_a_file_that_is_not_utf_8_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "talk.toml").write_bytes(b'database = "\xff"')
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load(tmp_path, {})


def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "talk.toml").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path, {})


def test_a_credential_in_the_file_is_refused_without_repeating_it(tmp_path: Path) -> None:
    message = complaint(tmp_path, f'[systems.webcrm]\nauth_code = "{SECRET}"')
    assert "TALK_WEBCRM_AUTH_CODE" in message


@pytest.mark.parametrize("url", [f"https://me:{SECRET}@erp.example.com", f"https://erp.example.com?key={SECRET}"])
def test_a_credential_in_an_address_is_refused_without_repeating_it(tmp_path: Path, url: str) -> None:
    assert "base_url" in complaint(tmp_path, f'[systems.customerp]\nbase_url = "{url}"', CUSTOMERP)


def test_an_own_system_with_credentials_needs_an_address_beside_another_own_one(tmp_path: Path) -> None:
    message = complaint(tmp_path, "", {**CUSTOMERP, **WEBCRM})
    assert "systems.customerp.base_url" in message
    assert "sandbox = true" in message


OF_ANOTHER_FOLDER = [
    ("", CUSTOMERP),
    ("[systems.customerp]\nsandbox = true", CUSTOMERP),
    ("[systems.customerp]\nenabled = false", {**CUSTOMERP, "TALK_CUSTOMERP_USERNAME": SECRET}),
    ("[systems.poweroffice]\nenabled = false", {"TALK_POWEROFFICE_CLIENT_KEY": SECRET}),
    ("[dataflows.poweroffice-poweroffice_peer]\nenabled = false", {"TALK_POWEROFFICE_CLIENT_KEY": SECRET}),
    ("[systems.webcrm]\nsandbox = true", WEBCRM),
]


@pytest.mark.parametrize(("text", "environ"), OF_ANOTHER_FOLDER)
def test_credentials_of_another_data_folder_stop_nothing(tmp_path: Path, text: str, environ: dict[str, str]) -> None:
    config = configured(tmp_path, text, environ)
    assert all(one.sandbox for one in config.systems.values())
    assert [one.partition(":")[0] for one in config.notes] == (["customerp"] if not text else [])


def test_a_real_address_without_credentials_names_the_variable_to_set(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="TALK_CUSTOMERP_TOKEN"):
        configured(tmp_path, ERP)


@pytest.mark.parametrize("name", ["TALK_WEBCRM_AUTHCODE", "TALK_WEBCRM_NONSENSE", "TALK_CUSTMERP_TOKEN"])
def test_a_misspelt_variable_does_not_silently_mean_the_sandbox(tmp_path: Path, name: str) -> None:
    assert name in complaint(tmp_path, "", {name: SECRET})


def test_a_variable_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    assert configured(tmp_path, "", {"TALK_SHOW_HOST": "someone", "PATH": "/bin"}).needs_sandbox


def test_credentials_are_in_no_repr(tmp_path: Path) -> None:
    config = configured(tmp_path, ERP, {**WEBCRM, **CUSTOMERP})
    assert SECRET in config.systems["webcrm"].credentials.values()
    for shown in (repr(config), str(config), repr(config.systems["webcrm"])):
        assert SECRET not in shown


def test_the_data_folder_is_that_of_dagster_or_data_right_here(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    assert find_folder({}, tmp_path) == tmp_path / "data"
    assert find_folder({"DAGSTER_HOME": str(tmp_path / "elsewhere")}, tmp_path) == tmp_path / "elsewhere"


@pytest.mark.parametrize("environ", [{}, {"DAGSTER_HOME": "/nowhere/at/all"}])
def test_a_data_folder_that_is_not_there_is_not_made_up(tmp_path: Path, environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="no such folder"):
        find_folder(environ, tmp_path)


def test_how_long_the_journal_is_kept_can_be_set_in_whole_days(tmp_path: Path) -> None:
    assert configured(tmp_path).keep_days == 365
    assert configured(tmp_path, "[journal]\nkeep_days = 30").keep_days == 30
    assert "journal.keep_days: is 0, and should be a whole number from 1" in complaint(
        tmp_path, "[journal]\nkeep_days = 0"
    )


def test_what_the_checks_take_to_be_in_order_can_be_set(tmp_path: Path) -> None:
    said = configured(tmp_path, "[checks]\nfresh_hours = 4\nheld_share = 0.5\nheld_days = 2").expected
    assert said == Expected(timedelta(hours=4), 0.5, timedelta(days=2))
    assert configured(tmp_path).expected == Expected()
    assert "checks.held_share: is 2, and should be a number from 0 to 1" in complaint(
        tmp_path, "[checks]\nheld_share = 2"
    )
