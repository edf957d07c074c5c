"""Networks that are closed, lossy, translated or changing: with root, in namespaces of the tests' own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Playwright, async_playwright

from tests.support.authority import Certificate, issue
from tests.support.coturn import Coturn


@pytest.fixture
async def player() -> AsyncIterator[Playwright]:
    """What starts and drives browsers."""
    async with async_playwright() as playing:
        yield playing


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """A certificate for localhost, by an authority that nobody knows."""
    return issue(tmp_path, "localhost")


@pytest.fixture
def coturn(tmp_path: Path, certificate: Certificate) -> Iterator[Coturn]:
    """A TURN server that speaks TLS with that certificate."""
    server = Coturn(tmp_path, certificate)
    server.start()
    yield server
    server.kill()
