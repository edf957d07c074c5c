"""A process sends mails unless it is told to leave that to others."""

import asyncio

import pytest
from pytest_aiohttp import AiohttpClient

from teleconsult.app import make_app
from teleconsult.settings import Settings


@pytest.mark.parametrize("deliver", [True, False])
async def test_a_process_delivers_if_it_is_to(deliver: bool, settings: Settings, aiohttp_client: AiohttpClient) -> None:
    await aiohttp_client(make_app(settings.model_copy(update={"deliver": deliver})))
    delivering = [task for task in asyncio.all_tasks() if task.get_name() == "notice delivery"]
    assert bool(delivering) is deliver
