"""The fixtures of the end-to-end tests, for faults that are done to a running service."""

import importlib.util
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "hostile")]
pytest.register_assert_rewrite("support", "wire", "service")


def fixtures_of_e2e():
    """e2e/conftest.py under a name of its own: pytest knows this file as `conftest`."""
    spec = importlib.util.spec_from_file_location("e2e_fixtures", TESTS / "e2e/conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


start_server = fixtures_of_e2e().start_server


@pytest.fixture
def small_server(start_server):
    """start_server with one small stock, which is full again soon."""
    return lambda *flags, **options: start_server("--pool-size", "8", "--preload-light", "", *flags, **options)
