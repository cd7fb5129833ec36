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
import yaml
from support import BINARY, REPO, TIME_FACTOR, Server, free_port

PACKAGING = REPO / "packaging"
DEFAULT_PROFILE = Path("/usr/share/containers/seccomp.json")
UNIT = PACKAGING / "systemd/cellblock.service"
TEMPLATE = Path(BINARY).with_name("packaging") / "systemd/cellblock@.service"
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


@needs("systemd-analyze", "systemd")
@pytest.mark.skipif(not TEMPLATE.exists(), reason="the program is not where it was built")
def test_the_template_is_the_unit_with_a_file_for_each_instance(tmp_path):
    text, unit = TEMPLATE.read_text(), UNIT.read_text()
    added = "EnvironmentFile=/etc/default/cellblock-%i\n"
    assert text.replace(" (%i)", "").replace(added, "") == unit and text.count(added) == 1
    assert text.index(added) > text.index("EnvironmentFile=-/etc/default/cellblock\n"), "the instance's own has the last word"
    (tmp_path / "cellblock@.service").write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={BINARY}", text, flags=re.MULTILINE))
    (tmp_path / "cellblock@a.service").symlink_to("cellblock@.service")
    checked = run("systemd-analyze", "verify", "--man=no", str(tmp_path / "cellblock@a.service"))
    assert not [line for line in checked.stderr.splitlines() if "cellblock@" in line], checked.stderr


def test_the_unit_gives_the_service_what_it_counts_on():
    assert settings_of_unit("Type") == ["notify"] and settings_of_unit("KillMode") == ["mixed"]
    assert {"memory", "pids", "cpu"} <= set(settings_of_unit("Delegate")[0].split())
    drain = re.search(r"`drain-limit`.*?\| (\d+) s \|", (REPO / "docs/configuration.md").read_text())[1]
    assert int(settings_of_unit("TimeoutStopSec")[0]) > int(drain) + 5
    # Whatever mounts over /proc, hides cgroups or filters calls would take a wall from cells.
    broken = ("PrivateDevices", "ProtectKernelTunables", "ProtectKernelLogs", "ProtectProc", "ProtectControlGroups",
              "RestrictNamespaces", "SystemCallFilter", "PrivateUsers", "RestrictAddressFamilies")
    assert not [name for name in broken if settings_of_unit(name)]


def test_the_unit_tries_a_taken_port_again_but_not_for_ever():
    """2 is the exit code of wrong options, 4 that of a port which another program has."""
    assert settings_of_unit("RestartPreventExitStatus") == ["2"]
    interval, burst, pause = (int(settings_of_unit(name)[0]) for name in ("StartLimitIntervalSec", "StartLimitBurst", "RestartSec"))
    assert settings_of_unit("Restart") == ["on-failure"]
    assert 10 < burst * pause < interval, "the limit is never reached, or too soon"


def test_the_packages_user_is_the_one_that_the_server_becomes():
    named = re.search(r"^u cellblock (\d+) ", (PACKAGING / "deb/cellblock.sysusers").read_text(), re.MULTILINE)[1]
    first = re.search(r"`CELLBLOCK_UID_BASE` \| (\d+) ", (REPO / "docs/configuration.md").read_text())[1]
    assert int(named) == int(first) - 1
    assert "systemd-sysusers cellblock.conf" in (PACKAGING / "deb/postinst").read_text()


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


@pytest.mark.skipif(os.geteuid() != 0, reason="takes rights away, which root alone can")
def test_what_is_installed_for_the_tests_does_not_start_serving(tmp_path):
    """apt-get is one that only asks what Debian's packages ask before they start their daemons."""
    (tmp_path / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "apt-get").write_text("#!/bin/sh\n[ $1 = update ] || { /usr/sbin/policy-rc.d; echo asked: $?; } >&2\n")
    for program in tmp_path.iterdir():
        program.chmod(0o755)
    path = {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"}
    begin = 'mount -t tmpfs none /usr/sbin; "$0"; code=$?; ls /usr/sbin; exit $code'
    done = run("unshare", "--mount", "sh", "-c", begin, str(REPO / "scripts/install-deps"), env=path)
    assert done.returncode == 0, done.stderr
    assert "asked: 101" in done.stderr and "policy" not in done.stdout


def manifests():
    """By kind, what the kustomization puts together; scripts/test-manifests holds them against schemas."""
    folder = PACKAGING / "kubernetes"
    named = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    by_hand = {"kustomization.yaml", "pod-monitor.yaml", "seccomp-on-nodes.yaml"}
    assert {path.name for path in folder.glob("*.yaml")} == set(named) | by_hand
    return {one["kind"]: one for name in named for one in yaml.safe_load_all((folder / name).read_text())}


def test_the_manifests_fit_together():
    found = manifests()
    assert sorted(found) == ["Deployment", "HorizontalPodAutoscaler", "Namespace", "NetworkPolicy", "PodDisruptionBudget", "Service"]
    scaled = found["HorizontalPodAutoscaler"]["spec"]
    assert "replicas" not in found["Deployment"]["spec"] and scaled["minReplicas"] > 1, "two would say how many pods there are"
    assert scaled["scaleTargetRef"]["name"] == found["Deployment"]["metadata"]["name"]
    pod = found["Deployment"]["spec"]["template"]["spec"]
    container, = pod["containers"]
    assert pod["securityContext"]["seccompProfile"]["localhostProfile"] in (PACKAGING / "kubernetes/seccomp-on-nodes.yaml").read_text()
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]} and not container["securityContext"]["privileged"]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in found["Service"]["spec"]["ports"]} <= ports
    monitor = yaml.safe_load((PACKAGING / "kubernetes/pod-monitor.yaml").read_text())
    assert {end["port"] for end in monitor["spec"]["podMetricsEndpoints"]} <= ports
    job = re.search(r"job_name: (\w+)", (PACKAGING / "monitoring/prometheus.yml").read_text())[1]
    assert [rule["replacement"] for rule in monitor["spec"]["podMetricsEndpoints"][0]["relabelings"]] == [job]


@needs("kubectl", "kubectl")
def test_kustomize_puts_the_manifests_together():
    built = run("kubectl", "kustomize", str(PACKAGING / "kubernetes"))
    assert built.returncode == 0, built.stderr
    assert built.stdout.count("namespace: cellblock\n") >= 5
    version = re.search(r"cellblock VERSION ([\d.]+)", (REPO / "CMakeLists.txt").read_text())[1]
    assert f"image: cellblock:{version}\n" in built.stdout


def test_the_autoscaler_asks_for_figures_that_exist(server):
    there = server.client.get("/metrics").text
    asked = re.findall(r"name: (cellblock_\w+)", (PACKAGING / "kubernetes/autoscaler.yaml").read_text())
    assert len(asked) == 2
    rule, = yaml.safe_load((PACKAGING / "monitoring/prometheus-adapter.yml").read_text())["rules"]
    told = re.search('__name__=~"([^"]+)"', rule["seriesQuery"])[1]
    for name in asked:
        assert f"\n{name} " in there, name
        assert re.search(told, name), f"{name}: the adapter does not tell it"


def test_whoever_stops_the_service_waits_until_the_last_answer_is_out():
    """drain-limit, and kWriteOutLimit of serve.cpp, within the time after which each platform kills."""
    write_out = int(re.search(r"kWriteOutLimit\{(\d+)\}", (REPO / "src/cli/serve.cpp").read_text())[1])
    image = (PACKAGING / "docker/Dockerfile").read_text()
    compose = yaml.safe_load((PACKAGING / "docker/compose.yaml").read_text())["services"]["cellblock"]
    pod = yaml.safe_load((PACKAGING / "kubernetes/deployment.yaml").read_text())["spec"]["template"]["spec"]
    run = yaml.safe_load((PACKAGING / "cloud-run/service.yaml").read_text())["spec"]["template"]["spec"]

    def drain_of(entries):
        return int({entry["name"]: entry["value"] for entry in entries}["CELLBLOCK_DRAIN_LIMIT"])

    killed_after = {
        "docker stop": (10, int(re.search(r"CELLBLOCK_DRAIN_LIMIT=(\d+)", image)[1])),
        "compose": (int(compose["stop_grace_period"].removesuffix("s")), int(compose["environment"]["CELLBLOCK_DRAIN_LIMIT"])),
        "kubernetes": (pod["terminationGracePeriodSeconds"] - 5, drain_of(pod["containers"][0]["env"])),
        "cloud run": (10, drain_of(run["containers"][0]["env"])),
    }
    assert not {name: times for name, times in killed_after.items() if times[0] <= times[1] + write_out}


def test_cloud_run_is_asked_for_the_image_that_was_built():
    asked = run(str(PACKAGING / "cloud-run/deploy"), "registry/cellblock:1", "p", "r", env={**os.environ, "DRY_RUN": "1"})
    assert asked.returncode == 0 and "image: registry/cellblock:1\n" in asked.stdout
    assert "IMAGE\n" not in asked.stdout.partition("apiVersion")[2]


@pytest.fixture(scope="module")
def bill():
    made = run(str(REPO / "scripts/sbom"))
    assert made.returncode == 0, made.stderr
    return made.stdout


def uses(bill):
    """By package: whether it is loaded, linked in, compiled in, or something else that it runs with."""
    return {one["name"]: one["properties"][0]["value"] for one in json.loads(bill)["components"]}


def test_the_bill_of_materials_is_complete_and_reproducible(bill):
    assert run(str(REPO / "scripts/sbom")).stdout == bill
    components = json.loads(bill)["components"]
    names = {one["name"] for one in components}
    assert json.loads(bill)["bomFormat"] == "CycloneDX" and {"libpython3.11", "python3-numpy", "libc6", "libseccomp2"} <= names
    assert all(one["version"] and one["purl"].startswith("pkg:deb/debian/") for one in components)
    tools = {name for name in names if re.match(r"(g\+\+|gcc|cpp|binutils|linux-libc-dev)(?!-12-base)|.*-dev$", name)}
    assert tools == {name for name, use in uses(bill).items() if use == "is compiled in"}


@needs("readelf", "binutils")
def test_the_bill_of_materials_has_what_the_programs_load(bill):
    named = {name for name, use in uses(bill).items() if use != "runs with"}
    for program in ("", "-jailer", "-nsjailer", "-zygote"):
        for library in re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", BINARY + program).stdout):
            owners = {line.partition(":")[0] for line in run("dpkg-query", "-S", f"*/{library}").stdout.splitlines()}
            assert owners & named, f"{library} of {owners}"


def test_the_bill_of_materials_has_what_is_compiled_in(bill):
    """Every package of headers that install-deps builds with belongs to a library that is named, or is named itself."""
    build = re.search(r'^build="([^"]*)"', (REPO / "scripts/install-deps").read_text(), re.MULTILINE)[1].split()
    shown = run("dpkg-query", "-W", "-f", "${Package} ${source:Package} ${Depends}\n", *[n for n in build if n.endswith("-dev")],
                *[name for name, use in uses(bill).items() if use != "runs with"]).stdout.splitlines()
    sources = {line.split()[0]: line.split()[1] for line in shown}
    depends = {line.split()[0]: set(re.findall(r"[a-z0-9][a-z0-9+.-]+", line)) for line in shown}
    named = {name for name, use in uses(bill).items() if use != "runs with"}
    made_from = {sources[name] for name in named if name in sources}
    unnamed = [name for name in build if name.endswith("-dev") and sources[name] not in made_from and not depends[name] & named]
    assert not unnamed


@pytest.mark.parametrize(("before", "after", "told"), [
    ("", "", ""),
    ('"BSL-1.0", ', "", "libboost1.74-dev is compiled in under BSL-1.0, which is not allowed"),
    ("libcli11-dev = ", "another = ", "libcli11-dev is compiled in, and its licence has not been judged"),
    ('"License: Zlib"', '"License: Beer"', "zlib1g: its copyright file does not say 'License: Beer'"),
])
def test_licences_of_what_is_linked_or_compiled_in_are_judged(tmp_path, before, after, told):
    text = (PACKAGING / "licences.toml").read_text()
    assert before in text
    (tmp_path / "rules.toml").write_text(text.replace(before, after, 1))
    checked = run(str(REPO / "scripts/sbom"), "--licences", str(tmp_path / "rules.toml"))
    assert (checked.returncode, checked.stderr) == ((1, f"sbom: {told}\n") if told else (0, ""))


@pytest.mark.skipif(run("git", "rev-parse", "HEAD").returncode != 0, reason="the tree is no clone")
def test_the_tarball_is_reproducible():
    first, second = run(str(REPO / "scripts/dist")), run(str(REPO / "scripts/dist"))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout and re.fullmatch(r"[0-9a-f]{64}  cellblock-[\d.]+\.tar\.gz\n", first.stdout)


@needs("man", "man-db")
def test_the_man_page_is_well_formed():
    shown = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(REPO / "docs/man/cellblock.1"))
    assert (shown.returncode, shown.stderr) == (0, ""), shown.stderr


def test_there_is_one_version():
    """CMakeLists.txt has it, and the program from there. Where it is repeated, it is the same: what was seen once may be older."""
    version = re.search(r"^project\(cellblock VERSION (\S+)", (REPO / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
    texts = {path: path.read_text() for path in [*FILES, *REPO.glob("*.md"), *REPO.glob("docs/**/*.md"), *REPO.glob("api/*")]
             if path.name != "verification.md"}
    named = [(path.name, found) for path, text in texts.items()
             for found in re.findall(r"(?:\bcellblock[:_@ ]|\bnewTag: |\bcellblock, version: )v?(\d+\.\d+\.\d+)", text)]
    assert len({name for name, _ in named}) >= 4
    assert [one for one in named if one[1] != version] == []
    assert re.search(r"^## (\S+)", (REPO / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == version
    assert run(BINARY, "version").stdout.split() == ["cellblock", version]


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
    # The image does without the documents of the package.
    installed = {Path(name) for script in build.rglob("cmake_install.cmake")
                 for statement in re.findall(r"file\(INSTALL .*?\)\n", script.read_text(), re.DOTALL)
                 if " OPTIONAL " not in statement
                 for name in re.findall(rf'"({re.escape(str(tmp_path))}/[^"]+)"', statement)}
    read = {path for path in installed if not path.is_relative_to(build)}
    assert read and not [str(path) for path in read if not path.exists()]
