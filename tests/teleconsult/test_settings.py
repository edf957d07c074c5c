"""Settings: validated at start, with a sentence that says what to do."""

import stat
from pathlib import Path

import pytest

from teleconsult.cli import main
from teleconsult.settings import Settings


def test_the_defaults_need_nothing(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert settings.database == f"sqlite://{tmp_path / 'teleconsult.sqlite3'}"
    assert settings.origin == "http://localhost:8080"
    assert not settings.secure


def test_the_signing_key_is_made_once_and_for_our_eyes_only(tmp_path: Path) -> None:
    first = Settings(data_dir=tmp_path).signing_key
    assert Settings(data_dir=tmp_path).signing_key == first
    assert len(first) == 64
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELECONSULT_PUBLIC_URL", "rdv.example.org"),
        ("TELECONSULT_SECRET_KEY", "short"),
        ("TELECONSULT_DATABASE_URL", "mysql://localhost/x"),
        ("TELECONSULT_PORT", "eighty"),
    ],
)
def test_nonsense_stops_the_program_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["migrate"]) == 1
    assert name in capsys.readouterr().err
