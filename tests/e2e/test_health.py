"""The pages for load balancers and operators."""

from support import CANARY, descendants, eventually

WALLS = {"user", "pid", "mount", "net", "ipc", "uts", "cgroup", "seccomp", "landlock"}


def test_health_has_the_contracts_shape(server):
    response = server.client.get("/health")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/json")
    health = response.json()
    assert (health["status"], health["ok"], health["service"]) == ("healthy", True, "cellblock")
    assert health["isolation"]["level"] == "full"
    assert isinstance(health["isolation"]["walls"], dict)
    assert isinstance(health["security"], str) and health["security"]
    assert isinstance(health["features"], list)
    assert set(health["pool"]) == {"ready", "running", "queued"}
    assert all(isinstance(count, int) for count in health["pool"].values())
    assert CANARY not in response.text


def test_health_names_every_wall(server):
    names = " ".join(server.client.get("/health").json()["isolation"]["walls"]).lower()
    assert [wall for wall in WALLS if wall not in names] == []


def test_healthz_and_readyz(server):
    assert server.client.get("/healthz").json() == {"status": "ok"}
    assert server.client.get("/readyz").status_code == 200


def test_version_is_the_same_everywhere(server):
    version = server.client.get("/version").json()["version"]
    assert version == server.client.get("/health").json()["version"]
    assert version.count(".") == 2


def test_asking_for_health_starts_no_process(server):
    def fifty_questions_change_nothing():
        before = descendants(server.process.pid)
        for _ in range(50):
            assert server.client.get("/health").status_code == 200
        return before == descendants(server.process.pid)

    # More than one try, because the pool may still be filling up after an earlier test.
    eventually(fifty_questions_change_nothing, 5, "50 questions start and end no process")
