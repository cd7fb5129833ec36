"""The service's own programs broken: it refuses to start and says which, or goes on with what it has opened."""

import os
import shutil
from pathlib import Path

import pytest
import service
from support import BINARY, eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="runs as root, since the full level is compared")
PROGRAMS = ("cellblock", "cellblock-jailer", "cellblock-zygote")


@pytest.fixture
def programs(tmp_path):
    """A copy of the three programs that may be broken."""
    for name in PROGRAMS:
        shutil.copy(Path(BINARY).resolve().with_name(name), tmp_path / name)
    return tmp_path


def missing(path):
    path.unlink()


def not_executable(path):
    path.chmod(0o644)


def cut_short(path):
    path.write_bytes(path.read_bytes()[:5000])


def empty(path):
    path.write_bytes(b"")


def no_program(path):
    path.write_text("no program at all\n")


def ends_at_once(path):
    shutil.copy("/bin/false", path)


def says_nothing_useful(path):
    shutil.copy("/bin/echo", path)


def a_directory(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [missing, not_executable, cut_short, empty, no_program, ends_at_once,
                                  says_nothing_useful, a_directory], ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("name", PROGRAMS[1:])
def test_service_does_not_start_with_a_broken_program(programs, name, harm):
    harm(programs / name)
    done = service.start_that_fails(str(programs / "cellblock"))
    assert done.returncode == 3, done
    assert "cellblock: " in done.stderr and name.removeprefix("cellblock-") in done.stderr, "says which part it was"


@pytest.mark.parametrize("harm", [missing, not_executable, ends_at_once], ids=lambda harm: harm.__name__)
def test_running_service_keeps_the_programs_that_it_started_with(small_server, programs, harm):
    """A package that is upgraded or removed must not change or stop what runs; the zygote is started anew as it was."""
    server = small_server(program=(str(programs / "cellblock"),))
    before = service.picture(server)
    for name in PROGRAMS:
        (programs / name).rename(programs / f"{name}.old")
        shutil.copy(programs / f"{name}.old", programs / name)
        harm(programs / name)
    zygote = service.zygote_of(server)
    service.kill(zygote)
    eventually(lambda: service.zygote_of(server) not in (None, zygote), 10, "another zygote")
    service.assert_recovers(server, before)
