"""The older service with nothing set: its documents' own examples."""

import pytest
from older_services import *  # noqa: F403 - every check is a test here
from older_services import Service, running

SERVICE = Service(30, 204_800)


@pytest.fixture(scope="module")
def older():
    yield from running(SERVICE)
