"""Where mails go and what they come from, as set."""

from pathlib import Path

import pytest

from teleconsult.settings import Settings


@pytest.mark.parametrize("url", ["mail.example:25", "http://mail.example", "smtp://", "smtps:mail.example"])
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be smtp://host or smtps://host"):
        Settings(smtp_url=url)


@pytest.mark.parametrize(
    "address", ["nobody", "Service <a@b.example>", "a@b.example, c@d.example", "a@b.example\r\nBcc: x@y"]
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="must be one mail address"):
        Settings(mail_from=address)


def test_sender_is_at_the_public_host_unless_set(tmp_path: Path) -> None:
    assert Settings(public_url="https://rdv.example.fr:8443").mail_sender == "rendez-vous@rdv.example.fr"
    assert Settings(mail_from="rdv@prefecture.example").mail_sender == "rdv@prefecture.example"
