"""The configuration: every problem at once, each value's origin, the layers in order."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cameratrap.cli import run
from cameratrap.config import Config, keys, resolve, template
from cameratrap.config.keys import sections
from cameratrap.domain.policy import Treatment
from cameratrap.errors import ConfigError

BAD = """
dta = "/card"
station = { id = "ridge 1", utc_offset = "+1" }
[events]
interval_minutes = -5
rule = "sometimes"
[detector]
threads = "many"
model = 7
[modem]
speed = 19200
[nonsense]
a = 1
"""


def problems(text: str, tmp_path: Path, environment: dict[str, str] | None = None) -> dict[str, str]:
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        resolve(path, environment or {})
    return {problem.key: f"{problem.found}: {problem.expected}" for problem in caught.value.problems}


def test_every_problem_is_listed_with_key_value_and_range(tmp_path: Path) -> None:
    """Unknown keys, wrong types and values out of range of one file are all named in one error."""
    found = problems(BAD, tmp_path)
    assert set(found) == {
        "dta", "station.id", "station.utc_offset", "events.interval_minutes", "events.rule",
        "detector.threads", "detector.model", "modem.speed", "nonsense",
    }  # fmt: skip
    assert found["dta"] == '"/card": not a key of the configuration; did you mean data?'
    assert found["events.interval_minutes"] == "-5: must be a number from 0 to 1440"
    assert found["events.rule"] == '"sometimes": must be one of "last-record", "last-independent-record"'
    assert found["detector.threads"] == '"many": must be a whole number from 1 to 16'


def test_a_mistyped_table_is_told_from_a_mistyped_key(tmp_path: Path) -> None:
    """A table's name is compared with tables, a key's with keys, also where the key is a table itself."""
    found = problems('[batery]\ngauge = "ina219"\n[plan.figurs]\nlamp_j = 3\n', tmp_path)
    assert found["batery"].endswith("did you mean [battery]?")
    assert found["plan.figurs"].endswith("did you mean plan.figures?")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "91", '"46"', "true"])
def test_a_latitude_is_a_latitude(tmp_path: Path, value: str) -> None:
    found = problems(f"[station]\nlatitude = {value}\nlongitude = 7", tmp_path)
    assert "from -90 to 90" in found["station.latitude"]


def test_one_half_of_a_position_is_refused(tmp_path: Path) -> None:
    assert "both or neither" in problems("[station]\nlatitude = 46", tmp_path)["station.latitude, station.longitude"]


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (key,) = problems("a = = b", tmp_path)
    assert key.endswith("c.toml")


def test_a_file_that_is_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        resolve(tmp_path / "missing.toml", {})


def test_a_variable_goes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[events]\ninterval_minutes = 10\n[modem]\nattempts = 5\n", encoding="utf-8")
    resolved = resolve(path, {"CAMERATRAP_EVENTS_INTERVAL_MINUTES": "15"})
    assert resolved.config.events.interval_minutes == 15
    assert resolved.origins["events.interval_minutes"] == "environment"
    assert (resolved.config.modem.attempts, resolved.origins["modem.attempts"]) == (5, str(path))
    assert (resolved.config.detector.threads, resolved.origins["detector.threads"]) == (1, "default")


def test_a_mistyped_variable_is_not_ignored() -> None:
    with pytest.raises(ConfigError, match="did you mean CAMERATRAP_STATION_ID"):
        resolve(None, {"CAMERATRAP_STATON_ID": "x"})


def test_a_table_is_set_in_a_file_only(tmp_path: Path) -> None:
    """Its values are checked like any other; a variable for it is not quietly read as something else."""
    path = tmp_path / "c.toml"
    path.write_text('[counting]\nagree_frames = { "Lynx lynx" = 2, Felidae = 3 }\n', encoding="utf-8")
    assert resolve(path, {}).config.counting.agree_frames == {"Lynx lynx": 2, "Felidae": 3}
    for wrong in ('{ "Lynx lynx" = 0 }', '{ "Lynx lynx" = "two" }', "2"):
        assert "a table of taxa" in problems(f"[counting]\nagree_frames = {wrong}", tmp_path)["counting.agree_frames"]
    with pytest.raises(ConfigError, match="not a key of the configuration"):
        resolve(None, {"CAMERATRAP_COUNTING_AGREE_FRAMES": "{}"})


def test_a_policy_is_one_of_four_words(tmp_path: Path) -> None:
    """Wherever it is set: a word that is none of them must not end as `keep`."""
    found = problems('[people]\nperson = "blurr"\nvehicle = true', tmp_path)
    assert found["people.person"] == '"blurr": must be one of "keep", "blur", "count", "discard"'
    assert "must be one of" in found["people.vehicle"]
    people = resolve(None, {"CAMERATRAP_PEOPLE_PERSON": "discard"}).config.people
    assert (people.person, people.vehicle) == (Treatment.DISCARD, Treatment.KEEP)
    with pytest.raises(ConfigError, match="must be one of"):
        resolve(None, {"CAMERATRAP_PEOPLE_PERSON": "Blur"})


def test_no_configuration_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve(None, {}).config == Config()


def test_the_template_with_every_key_set_is_good(tmp_path: Path) -> None:
    """`config init` names every key, and a file with each of its lines uncommented is accepted."""
    lines = template().splitlines()
    values = [line.removeprefix("# ") if " = " in line else line for line in lines]
    text = "\n".join(values)
    assert {key.path.split(".")[-1] for key in keys()} <= set(text.replace("=", " ").split())
    tomllib.loads(text)
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    resolve(path, {})


def test_config_init_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cameratrap.toml"
    assert run(["config", "init", str(path)]) == 0
    path.write_text("# mine\n", encoding="utf-8")
    assert run(["config", "init", str(path)]) == 2
    assert path.read_text(encoding="utf-8") == "# mine\n"
    assert "exists" in capsys.readouterr().err


def test_a_bad_configuration_stops_before_anything_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, every problem on stderr, nothing on stdout and nothing made."""
    path = tmp_path / "c.toml"
    path.write_text(BAD, encoding="utf-8")
    replay = tmp_path / "pictures"
    replay.mkdir()
    assert run(["--config", str(path), "--data", str(tmp_path / "card"), "watch", "--replay", str(replay)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "9 problems in the configuration" in printed.err
    assert not (tmp_path / "card").exists()


def test_show_says_where_values_come_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[station]\nid = "ridge-1"\n', encoding="utf-8")
    assert run(["--config", str(path), "config", "show", "--origin", "--csv"]) == 0
    assert f"station.id,ridge-1,{path}" in capsys.readouterr().out


def test_no_annotation_is_text() -> None:
    """A text would be parsed again at each start, which a trap that an animal has just switched on waits for."""
    hints = [hint for struct in (Config, *sections().values()) for hint in struct.__annotations__.values()]
    assert len(hints) > 100
    assert not [hint for hint in hints if isinstance(hint, str)]
