"""`talk config`: what is in effect, where it is from, and that looking changes nothing and shows no secret."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.config.configuration import load
from talk_assets.config.schema import schema

SECRET = "hunter2-not-to-be-seen"
ERP = '[systems.customerp]\nbase_url = "https://erp.example.com"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with no way to lock it or to open a database in it, beside which the process stands."""
    (tmp_path / "data" / "sync.lock").mkdir(parents=True)
    (tmp_path / "data" / "talk.duckdb").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path / "data"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, ["config", *arguments], prog_name="talk")


def shown(*arguments: str) -> str:
    result = run("show", *arguments)
    assert result.exit_code == 0, result.output
    assert SECRET not in result.output
    return result.stdout


def line(text: str, section: str, key: str) -> str:
    """The line of a key in a section of what is shown."""
    part = text.partition(f"[{section}]\n")[2].partition("\n[")[0]
    (found,) = [one for one in part.splitlines() if one.startswith(f"{key} = ")]
    return found


def test_beside_each_value_stands_where_it_is_from(folder: Path) -> None:
    (folder / "talk.toml").write_text("[sandbox]\nport = 9000\n[systems.webcrm]\nrate = '5/s'", "utf-8")
    text = shown()
    assert line(text, "sandbox", "port") == "port = 9000  # talk.toml"
    assert line(text, "systems.webcrm", "rate").split("# ")[1] == "talk.toml"
    assert line(text, "systems.webcrm", "base_url").split() == [
        "base_url", "=", '"http://127.0.0.1:9000/webcrm"', "#", "default",
    ]  # fmt: skip
    assert line(text, "dataflows.webcrm-customerp", "mode") == 'mode = "write"           # default'


def test_without_a_file_everything_is_a_default(folder: Path) -> None:
    text = shown("--all")
    assert "does not exist: every value is a default" in " ".join(text.replace("\n# ", " ").split())
    assert "# talk.toml" not in text
    assert line(text, "automation", "enabled").endswith("# default")


def test_where_the_data_folder_is_from_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "# data folder: default\n" in shown()
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    assert "# data folder: DAGSTER_HOME\n" in shown()
    assert json.loads(shown("--json"))["folder_source"] == "DAGSTER_HOME"


def test_details_are_shown_where_talk_toml_sets_them(folder: Path) -> None:
    (folder / "talk.toml").write_text("[systems.customerp.paging]\nsize = 7", "utf-8")
    text = shown()
    assert line(text, "systems.customerp.paging", "size") == "size = 7  # talk.toml"
    assert "size_param" not in text
    assert "more keys have their defaults: talk config show --all" in text
    assert line(shown("--all"), "systems.customerp.paging", "size_param").endswith("# default")


@pytest.mark.parametrize("arguments", [(), ("--all",)])
@pytest.mark.parametrize("text", ["", f'{ERP}[systems.customerp.collections.contact.fields]\nmobile = "cell"'])
def test_what_is_shown_is_a_talk_toml_that_means_the_same(folder: Path, arguments: tuple[str, ...], text: str) -> None:
    (folder / "talk.toml").write_text(text, "utf-8")
    environ = {"TALK_CUSTOMERP_TOKEN": SECRET} if text else {}
    before = load(folder, environ)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environ.items():
            patched.setenv(name, value)
        (folder / "talk.toml").write_text(shown(*arguments), "utf-8")
    after = load(folder, environ)
    assert repr(after.dataflows) == repr(before.dataflows)
    assert (after.limits, after.expected, after.automation.enabled) == (
        before.limits, before.expected, before.automation.enabled,
    )  # fmt: skip
    for name, settings in before.systems.items():
        assert after.systems[name].base_url == settings.base_url
        assert after.systems[name].sandbox == settings.sandbox
        assert repr(after.systems[name].profile) == repr(settings.profile)


@pytest.mark.parametrize("arguments", [(), ("--all",)])
def test_it_is_readable_at_80_columns(folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "talk.toml").write_text(ERP, "utf-8")
    text = shown(*arguments).replace(str(folder), "data")
    assert not [one for one in text.splitlines() if len(one) > 80]
    assert tomllib.loads(text)


def test_what_is_missing_is_named_where_an_own_system_has_no_credentials(folder: Path) -> None:
    (folder / "talk.toml").write_text(ERP, "utf-8")
    text = shown()
    assert "# TALK_CUSTOMERP_TOKEN  missing" in text
    assert "Set TALK_CUSTOMERP_TOKEN." in " ".join(text.replace("\n# ", " ").split())
    assert line(text, "dataflows.webcrm-customerp", "mode") == 'mode = "plan"            # default'
    document = json.loads(shown("--json"))
    assert [one["name"] for one in document["variables"] if one["missing"]] == ["TALK_CUSTOMERP_TOKEN"]
    assert "customerp" not in document["sandbox"]


def test_half_of_the_credentials_is_no_reason_to_show_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALK_POWEROFFICE_CLIENT_KEY", SECRET)
    text = shown()
    assert "# TALK_POWEROFFICE_CLIENT_KEY       set" in text
    assert "# TALK_POWEROFFICE_APPLICATION_KEY  missing" in text
    assert "# Problem: the environment has TALK_POWEROFFICE_CLIENT_KEY" in text


@pytest.mark.parametrize("name", ["TALK_WEBCRM_AUTHCODE", "TALK_ALERT_URL"])
def test_a_variable_that_is_wrong_is_told_without_its_value(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, SECRET)
    assert f"# Problem: the environment variable {name}" in shown()


def test_the_address_for_alerts_is_a_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALK_ALERT_URL", f"https://chat.example.com/{SECRET}")
    assert re.search(r"# TALK_ALERT_URL +set", shown())
    assert json.loads(shown("--json"))["variables"][-2] == {
        "name": "TALK_ALERT_URL", "system": None, "set": True, "missing": False,
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [(), ("--all",), ("--json",)])
def test_a_parameter_that_looks_like_a_secret_is_hidden(folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "talk.toml").write_text(
        f'{ERP}params = {{ subscription-key = "{SECRET}", active = "1" }}\n'
        f'[systems.customerp.collections.contact]\nnew = {{ inner = {{ accessToken = "{SECRET}" }} }}\n'
        f'[systems.customerp.list]\nparams = {{ sig = "x", secret = "{SECRET}" }}\n'
        f'[systems.customerp.get]\npath = "{{path}}/{{id}}?apikey={SECRET}"\n'
        f'[systems.customerp.auth]\ntoken_url = "https://me:{SECRET}@erp.example.com/token"',
        "utf-8",
    )
    text = shown(*arguments)
    assert text.count("(hidden: it may be a secret)") == 5
    assert "active" in text


def test_json_has_every_key_with_its_value_and_source(folder: Path) -> None:
    (folder / "talk.toml").write_text("patience = 5", "utf-8")
    document = json.loads(shown("--json"))
    values = {one["key"]: one for one in document["values"]}
    assert values["patience"] == {"key": "patience", "value": 5, "source": "talk.toml"}
    assert values["systems.customerp.paging.size"]["value"] == 1000
    assert values["systems.customwebshop.base_url"]["source"] == "default"
    assert document["file"] == str(folder / "talk.toml")
    assert document["problems"] == []


def test_a_mistake_in_the_file_is_one_line(folder: Path) -> None:
    (folder / "talk.toml").write_text("patience = -1", "utf-8")
    result = run("show")
    assert result.exit_code == 1
    assert result.stderr == (
        f"talk: {folder / 'talk.toml'}: patience: is -1, and should be a whole number from 0 to 3600.\n"
    )


def test_neither_command_writes_anything(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    shown("--all")
    assert run("schema").exit_code == 0
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_the_schema_is_printed_without_a_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("schema", *arguments)
    assert result.exit_code == 0
    assert json.loads(result.stdout) == schema()
