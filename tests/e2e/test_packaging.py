"""packaging/ and the release scripts: what can be seen of them without a host of their own.

The package in a clean Debian is scripts/test-deb, the image in a container scripts/test-container.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import BINARY, REPO, TIME_FACTOR, Server, free_port

PACKAGING = REPO / "packaging"
DEFAULT_PROFILE = Path("/usr/share/containers/seccomp.json")
UNIT = PACKAGING / "systemd/cellblock.service"
FILES = sorted(path for path in PACKAGING.rglob("*") if path.is_file())


def run(*command, **more):
    return subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=120 * TIME_FACTOR, **more)


def needs(program, group):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed: {group}")


def settings_of_unit(name):
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)


def test_every_variable_and_flag_that_is_named_exists():
    page = (REPO / "docs/configuration.md").read_text()
    variables = set(re.findall(r"`([A-Z][A-Z_]+)`", page))
    options = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    others = {"CELLBLOCK_TESTS", "CELLBLOCK_HELPERS_FROM"}
    for path in FILES:
        text = path.read_text()
        assert set(re.findall(r"\bCELLBLOCK_[A-Z_]+", text)) <= variables | others, path
        assert set(re.findall(r'"serve"(?:, "--([a-z-]+)", "\w+")', text)) <= options, path


def test_the_configuration_file_says_nothing_by_itself_and_its_examples_are_right(tmp_path):
    text = (PACKAGING / "cellblock.toml").read_text()
    assert not [line for line in text.splitlines() if line and not line.startswith("#")]
    examples = re.findall(r"^# (\w[\w-]* = .*)$", text, re.MULTILINE)
    assert len(examples) >= 5
    (tmp_path / "examples.toml").write_text("\n".join(examples) + "\n")
    shown = run(BINARY, "config", "show", "--config", str(tmp_path / "examples.toml"))
    assert shown.returncode == 0, shown.stderr
    # They are the defaults, so that taking off a # changes nothing.
    plain = {row["name"]: row for row in json.loads(run(BINARY, "config", "show", "--json").stdout)["options"]}
    given = {row["name"]: row for row in json.loads(
        run(BINARY, "config", "show", "--json", "--config", str(tmp_path / "examples.toml")).stdout)["options"]}
    assert {n: r["value"] for n, r in plain.items() if n != "config"} == {n: r["value"] for n, r in given.items() if n != "config"}


@needs("systemd-analyze", "systemd")
def test_systemd_understands_the_unit(tmp_path):
    text = re.sub(r"^ExecStart=\S+", f"ExecStart={BINARY}", UNIT.read_text(), flags=re.MULTILINE)
    (tmp_path / "cellblock.service").write_text(text)
    checked = run("systemd-analyze", "verify", "--man=no", str(tmp_path / "cellblock.service"))
    ours = [line for line in checked.stderr.splitlines() if "cellblock.service" in line]
    assert not ours, checked.stderr


def test_the_unit_gives_the_service_what_it_counts_on():
    assert settings_of_unit("Type") == ["notify"] and settings_of_unit("KillMode") == ["mixed"]
    assert {"memory", "pids", "cpu"} <= set(settings_of_unit("Delegate")[0].split())
    drain = re.search(r"`drain-limit`.*?\| (\d+) s \|", (REPO / "docs/configuration.md").read_text())[1]
    assert int(settings_of_unit("TimeoutStopSec")[0]) > int(drain) + 5
    # Whatever mounts over /proc, hides cgroups or filters calls would take a wall from cells.
    broken = ("PrivateDevices", "ProtectKernelTunables", "ProtectKernelLogs", "ProtectProc", "ProtectControlGroups",
              "RestrictNamespaces", "SystemCallFilter", "PrivateUsers", "RestrictAddressFamilies")
    assert not [name for name in broken if settings_of_unit(name)]


@pytest.mark.skipif(os.geteuid() != 0, reason="takes rights away, which root alone can")
def test_the_rights_that_the_unit_leaves_are_enough_for_every_wall(server):
    kept = ",".join("+" + name.removeprefix("CAP_").lower() for name in settings_of_unit("CapabilityBoundingSet")[0].split())
    assert settings_of_unit("NoNewPrivileges") == ["yes"]
    held = Server("--pool-size", "2", program=("setpriv", "--no-new-privs", f"--bounding-set=-all,{kept}", BINARY))
    try:
        walls = held.client.get("/health").json()["isolation"]
        assert walls == server.client.get("/health").json()["isolation"], "not what root has with all its rights"
        assert held.run("def main(): return 42").result == 42
        assert held.run("def main(): return len(bytearray(10 ** 9))").status == "memory_limit"
    finally:
        held.stop()


@pytest.mark.skipif(not DEFAULT_PROFILE.exists(), reason="no profile to compare with: scripts/install-deps container")
def test_the_seccomp_profile_is_what_its_script_makes():
    made = run(str(PACKAGING / "docker/make-seccomp"))
    assert json.loads(made.stdout) == json.loads((PACKAGING / "docker/seccomp.json").read_text())


def test_the_seccomp_profile_opens_what_its_page_says_and_nothing_dangerous():
    profile = json.loads((PACKAGING / "docker/seccomp.json").read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    allowed = {name for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}
    page = (PACKAGING / "docker/seccomp.md").read_text()
    explained = {name for row in re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    script = (PACKAGING / "docker/make-seccomp").read_text()
    needed = set(re.findall(r'"(\w+)"', re.search(r"^NEEDED = \{(.*?)\}", script, re.MULTILINE | re.DOTALL)[1]))
    assert explained == needed <= allowed
    assert not allowed & {"bpf", "init_module", "finit_module", "delete_module", "kexec_load", "perf_event_open", "reboot",
                          "open_by_handle_at", "userfaultfd", "fsopen", "move_mount", "open_tree", "swapon", "syslog",
                          "settimeofday", "iopl", "ioperm", "add_key", "request_key", "quotactl", "acct", "nfsservctl"}


def test_the_health_check_of_the_image_tells_well_from_unwell(server):
    check = str(PACKAGING / "docker/healthcheck")
    assert run(check, env={**os.environ, "PORT": str(server.port)}).returncode == 0
    nobody = run(check, env={**os.environ, "PORT": str(free_port())})
    assert nobody.returncode == 1 and "healthcheck:" in nobody.stderr


def test_the_image_names_only_what_is_there():
    file = (PACKAGING / "docker/Dockerfile").read_text()
    groups = set(re.findall(r"^  ([a-z-]+)\) ", (REPO / "scripts/install-deps").read_text(), re.MULTILINE))
    assert set(re.findall(r"install-deps (only-\S+)", file)) == {"only-build", "only-run"} <= groups
    for source in re.findall(r"^COPY (?!--from)(\S+) ", file, re.MULTILINE):
        assert (REPO / source).exists(), source
    ignored = (REPO / ".dockerignore").read_text()
    for kept in re.findall(r"^!(\S+)$", ignored, re.MULTILINE):
        assert (REPO / kept).exists(), kept


@needs("kubectl", "kubectl")
def test_the_manifests_fit_together():
    built = run("kubectl", "kustomize", str(PACKAGING / "kubernetes"))
    assert built.returncode == 0, built.stderr
    kinds = re.findall(r"^kind: (\w+)$", built.stdout, re.MULTILINE)
    assert sorted(kinds) == ["Deployment", "HorizontalPodAutoscaler", "Namespace", "NetworkPolicy", "PodDisruptionBudget", "Service"]
    assert built.stdout.count("namespace: cellblock\n") >= 5
    assert "privileged: true" not in built.stdout and "SYS_ADMIN" not in built.stdout
    version = re.search(r"cellblock VERSION ([\d.]+)", (REPO / "CMakeLists.txt").read_text())[1]
    assert f"image: cellblock:{version}\n" in built.stdout


def test_the_autoscaler_asks_for_figures_that_exist(server):
    there = server.client.get("/metrics").text
    asked = re.findall(r"name: (cellblock_\w+)", (PACKAGING / "kubernetes/autoscaler.yaml").read_text())
    assert len(asked) == 2
    for name in asked:
        assert f"\n{name} " in there, name


def test_cloud_run_is_asked_for_the_image_that_was_built():
    asked = run(str(PACKAGING / "cloud-run/deploy"), "registry/cellblock:1", "p", "r", env={**os.environ, "DRY_RUN": "1"})
    assert asked.returncode == 0 and "image: registry/cellblock:1\n" in asked.stdout
    assert "IMAGE\n" not in asked.stdout.partition("apiVersion")[2]
    drain = int(re.search(r'CELLBLOCK_DRAIN_LIMIT\n +value: "(\d+)"', asked.stdout)[1])
    assert drain < 10, "the platform kills after ten seconds"


def test_the_bill_of_materials_is_complete_and_reproducible():
    first, second = run(str(REPO / "scripts/sbom")), run(str(REPO / "scripts/sbom"))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    bill = json.loads(first.stdout)
    names = {one["name"] for one in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX" and {"libpython3.11", "python3-numpy", "libc6", "libseccomp2"} <= names
    assert all(one["version"] and one["purl"].startswith("pkg:deb/debian/") for one in bill["components"])
    licences = run(str(REPO / "scripts/sbom"), "--licences")
    assert licences.returncode == 0, licences.stderr


@pytest.mark.skipif(run("git", "rev-parse", "HEAD").returncode != 0, reason="the tree is no clone")
def test_the_tarball_is_reproducible():
    first, second = run(str(REPO / "scripts/dist")), run(str(REPO / "scripts/dist"))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout and re.fullmatch(r"[0-9a-f]{64}  cellblock-[\d.]+\.tar\.gz\n", first.stdout)


@needs("man", "man-db")
def test_the_man_page_is_well_formed():
    shown = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(REPO / "docs/man/cellblock.1"))
    assert (shown.returncode, shown.stderr) == (0, ""), shown.stderr


def context_of_docker() -> list[str]:
    """What `docker build` sends: .dockerignore shuts everything out and lets these names in again."""
    lines = [line for line in (REPO / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*" and all(line.startswith("!") for line in lines[1:]), "no other form is understood here"
    let_in = tuple(line[1:] for line in lines[1:])
    known = run("git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
    return [name for name in known if any(name == one or name.startswith(one + "/") for one in let_in)]


def test_the_context_of_docker_has_all_that_the_build_reads(tmp_path):
    for name in context_of_docker():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPO / name, tmp_path / name)
    configured = subprocess.run(["cmake", "--preset", "release", "-DCELLBLOCK_TESTS=OFF"], cwd=tmp_path,
                                capture_output=True, text=True, timeout=120 * TIME_FACTOR)
    assert configured.returncode == 0, configured.stderr
    build = tmp_path / "build/release"
    dry = subprocess.run(["ninja", "-n"], cwd=build, capture_output=True, text=True, timeout=120 * TIME_FACTOR)
    assert dry.returncode == 0, dry.stdout + dry.stderr
    installed = {Path(name) for script in build.rglob("cmake_install.cmake")
                 for name in re.findall(rf'"({re.escape(str(tmp_path))}/[^"]+)"', script.read_text())}
    read = {path for path in installed if not path.is_relative_to(build)}
    assert read and not [str(path) for path in read if not path.exists()]
