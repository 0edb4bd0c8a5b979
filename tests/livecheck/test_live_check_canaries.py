"""No value of the caller or of the service is in what a check leaves: its files, its output and its errors."""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Callable, Iterator

import pytest
from canaries import Canary
from checking import check
from identities import environment
from samples import endpoint, job_id
from search import in_files, places_of
from wire import Reply, Request, Service

from airflow_provider_drs.livecheck.__main__ import main
from airflow_provider_drs.livecheck.options import NO_SERVICE, REFUSED, WRONG_INPUT

_LETTERS = "abcdefghjkmnpqrstuvwxyz"


class Planted:
    """Makes canaries, and keeps them."""

    def __init__(self) -> None:
        self.canaries: list[Canary] = []

    def __call__(self, name: str, middle: str = "'&%\n密\"") -> str:
        head, tail = ("".join(random.SystemRandom().choices(_LETTERS, k=14)) for _ in range(2))
        self.canaries.append(Canary(name, head, middle, tail))
        return self.canaries[-1].value

    def job_id(self, name: str) -> str:
        """Return an id of a job that is a canary from its first character to its last."""
        text = self(name, "")
        text += self(name, "")
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:32]))

    def found(self, places) -> dict[str, set[str]]:
        found = places_of(self.canaries, places)
        return {name: set(where) for name, where in found.items()}


def answers(plant: Planted, secrets: list[str]) -> Callable[[Request], Reply]:
    """Return what a hostile service answers: each text, name and header of it has a canary."""
    echoed = " ".join(secrets)

    def texts(name: str) -> dict[str, str]:
        unknown = plant(f"member of {name}", "_")
        return {"error_msg": f"{plant(f'text of {name}')} {echoed}", unknown: plant(f"value of {name}"), "tags": echoed}

    def headers(name: str) -> dict[str, str]:
        return {
            f"X-{plant(f'header of {name}', '-')}": plant(f"header value of {name}", "-"),
            "X-Request-Id": plant(f"request id of {name}", "-"),
            "X-RateLimit-Limit": plant(f"limit of {name}", "-"),
            "Retry-After": plant(f"pause of {name}", "-"),
            "Server": plant(f"server of {name}", "-"),
        }

    def end() -> dict[str, str]:
        return {name: plant(f"stored {name}") for name in ("ip", "db_user", "db_password", "db_name", "inst_name")}

    def key(*names: str) -> dict[str, str]:
        values = (plant(f"{name} of an identity", "-") for name in names[:3])
        return dict(zip(names, (*values, "2999-01-01T00:00:00Z"), strict=True))

    def reply(request: Request) -> Reply:
        if request.path == "/meta-data/latest/api/token":
            return Reply(raw=plant("metadata token", "-").encode())
        if request.path == "/openstack/latest/securitykey":
            return Reply({"credential": key("access", "secret", "securitytoken", "expires_at")})
        if request.path == "/v1/credentials":
            return Reply({"credentials": key("accessKeyId", "secretAccessKey", "securityToken", "expiration")})
        name = request.path.rpartition("/")[2].partition("?")[0]
        if "X-Auth-Token" not in request.headers and "Authorization" not in request.headers:
            if request.path.startswith("/v3/auth/"):
                facts = {"issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z", **texts("IAM")}
                del facts["error_msg"]
                return Reply({"token": facts}, 201, {"X-Subject-Token": plant("IAM token", "-"), **headers("IAM")})
            return Reply({"error_code": "APIGW.0301", **texts("knock")}, 401, headers("knock"))
        ids = (
            [job if isinstance(job, str) else job["id"] for job in request.json["jobs"]]
            if b'"jobs"' in request.body
            else []
        )
        if name == "batch-status":
            results = [{"id": job, "status": plant("status", "_"), **texts("status")} for job in ids]
            # the client believes in the status of the first job
            results[0] = {"id": ids[0], "status": plant("status that is believed", "_")}
            return Reply({"results": results, "count": len(results)}, headers=headers(name))
        if name == "batch-detail":
            ends = {"source_endpoint": end(), "target_endpoint": end()}
            results = [{"id": job, "status": "CONFIGURATION", **ends, **texts("detail")} for job in ids]
        elif name == "batch-precheck-result":
            item = {
                "item": plant("item", "_"),
                "result": "FAILED",
                "failed_reason": plant("reason", "_"),
                **texts("item"),
            }
            results = [
                {"precheck_id": job, "process": "50%", "precheck_result": [item], **texts("check")} for job in ids
            ]
        elif name == "batch-connection":
            results = [
                {"id": job, "status": "failed", "error_code": plant("code", "."), **texts("test")} for job in ids
            ]
        else:
            action = {"available_actions": [plant("action", "_")], plant("action member", "_"): []}
            job = {"id": plant.job_id("listed job"), "name": plant("job name"), "status": plant("listed status", "_")}
            return Reply(
                {"total_record": 10**9, "jobs": [{**job, "job_action": action, **texts("job")}]},
                headers=headers("list"),
            )
        beside = {plant("beside", "_"): f"{echoed} {request.headers}"}
        return Reply({"results": results, "count": len(results), **beside}, headers=headers(name))

    return reply


@pytest.fixture
def plant() -> Planted:
    return Planted()


def connection(plant: Planted, kind: str, url: str) -> dict[str, object]:
    extra = {"auth_type": kind, "project_id": plant("project", "-"), "iam_endpoint": url}
    if kind == "aksk":
        extra["security_token"] = plant("security token", "-")
    if kind == "password":
        extra["domain_name"] = plant("domain")
    if kind == "agency":
        extra["metadata_endpoint"] = url
    if kind in ("agency", "pod"):
        return {"conn_type": "drs", "host": url, "extra": extra}
    login = {} if kind == "token" else {"login": plant("login", "-")}
    return {"conn_type": "drs", "host": url, "password": plant("credential", "-"), **login, "extra": extra}


def texts_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from texts_of(item)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("kind", ["token", "aksk", "password", "agency", "pod"])
def test_a_hostile_service_cannot_have_anything_told(plant, monkeypatch, tmp_path, capfd, kind):
    jobs = [plant.job_id(f"job {number}") for number in range(3)]
    ends = [
        {
            "id": job,
            "net_type": "eip",
            "db_type": "mysql",
            "ip": plant("address", "."),
            "db_port": 3306,
            "db_user": plant("user"),
            "db_password": plant("database password"),
            "end_point_type": "so",
            "label": plant("label"),
            "inst_id": plant("instance", "-"),
            "region": plant("region", "-"),
            "project_id": plant("project of the instance", "-"),
        }
        for job in jobs
    ]
    with Service() as service:
        stored = connection(plant, kind, service.url)
        (tmp_path / "token").write_text(plant("token of a pod", "-"))
        for name, value in environment(f"{service.url}/v1/credentials", str(tmp_path / "token")).items():
            monkeypatch.setenv(name, value)
        secrets = [text for value in (stored, *ends) for text in texts_of(value) if len(text) > 20]
        service.answer = answers(plant, secrets)
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(stored))
        result = check(tmp_path / "run", test=ends, jobs=jobs)
    output = "".join(capfd.readouterr())

    # every probe has run, so every canary had its chance
    assert {request.path.rpartition("/")[2].partition("?")[0] for request in service.requests} >= {
        "jobs", "batch-status", "batch-detail", "batch-precheck-result", "batch-connection"
    }  # fmt: skip
    assert result.code == REFUSED
    planted = " ".join(canary.name for canary in plant.canaries)
    assert ("of an identity" in planted) == (kind in ("agency", "pod"))
    assert list(result.seen("test-wrong-state")) == ["text"]
    assert len(list((result.folder / "records").iterdir())) > 8
    assert plant.found([("output", output.encode()), *in_files("file", result.folder)]) == {}
    # rich breaks lines, and a canary may stand on two of them
    assert plant.found([("output", re.sub(r"[\s│]", "", output).encode())]) == {}


def test_the_search_finds_what_is_planted(plant, tmp_path):
    (tmp_path / "file").write_text(json.dumps({"told": plant("told")}))

    assert plant.found(in_files("file", tmp_path)) == {"told": {"file file"}}


def test_a_page_full_of_values_is_only_named(plant, monkeypatch, tmp_path, capfd):
    page = f"<html>{plant('page')}<input type=password value={plant('form', '-')}>".encode()
    with Service(
        lambda request: Reply(raw=page, headers={"Content-Type": f"text/html; {plant('type', '-')}"})
    ) as service:
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection(plant, "token", service.url)))
        result = check(tmp_path / "run", jobs=[plant.job_id("job")])

    assert result.code == NO_SERVICE
    assert plant.found([("output", "".join(capfd.readouterr()).encode()), *in_files("file", result.folder)]) == {}


@pytest.mark.parametrize("status", [400, 401, 403, 429, 503])
def test_a_refusal_full_of_values_is_told_by_its_kind(plant, monkeypatch, tmp_path, capfd, status):
    def refuse(request: Request) -> Reply:
        if "X-Auth-Token" not in request.headers:
            return Reply({"error_code": "APIGW.0301", "error_msg": plant("knock")}, 401)
        text = f"{plant('text')} drs:{plant('resource', '-')}:get drs:migrationJob:{plant('action', '-')}"
        return Reply({"error_code": plant("code", "."), "error_msg": text}, status)

    with Service(refuse) as service:
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection(plant, "token", service.url)))
        result = check(tmp_path / "run", jobs=[plant.job_id("job")])

    assert result.code == REFUSED
    assert f"HTTP {status}" in json.dumps(result.answers["checks"])
    assert plant.found([("output", "".join(capfd.readouterr()).encode()), *in_files("file", result.folder)]) == {}


@pytest.mark.parametrize("wrong", ["host", "schema", "port", "extra"])
def test_a_wrong_connection_is_told_without_its_values(plant, monkeypatch, capfd, wrong):
    stored = {**connection(plant, "token", "https://drs.example.com"), wrong: plant(wrong)}
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(stored))

    assert main([]) in (WRONG_INPUT, NO_SERVICE)
    assert plant.found([("output", "".join(capfd.readouterr()).encode())]) == {}


@pytest.mark.parametrize("name", ["host", "iam_endpoint"])
def test_a_host_that_may_not_be_asked_is_told_without_its_name(plant, monkeypatch, capfd, name):
    url = f"http://{plant('name of a host', '.')}.example.com"
    stored = connection(plant, "password", url)
    stored |= {"host": url if name == "host" else "https://drs.example.com"}
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(stored))

    assert main([]) == WRONG_INPUT
    output = "".join(capfd.readouterr())
    assert "plain http would show the credential" in output
    assert plant.found([("output", output.encode())]) == {}


def test_a_wrong_file_of_endpoints_is_told_without_its_values(plant, monkeypatch, capfd, tmp_path):
    monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(connection(plant, "token", "https://drs.example.com")))
    for text in (
        f"jobs: [{plant('yaml', ' ')}: {{",
        json.dumps([{"id": plant("id"), "db_password": plant("password")}]),
    ):
        (tmp_path / "ends.yaml").write_text(text)

        assert main(["--test", str(tmp_path / "ends.yaml")]) == WRONG_INPUT
    assert plant.found([("output", "".join(capfd.readouterr()).encode())]) == {}


def test_nothing_is_logged_during_a_check(monkeypatch, tmp_path):
    logs = []

    def answer(request: Request) -> Reply:
        logs.append(logging.getLogger("a-library").isEnabledFor(logging.CRITICAL))
        return Reply({"error_code": "APIGW.0301"}, 401)

    with Service(answer) as service:
        stored = {"conn_type": "drs", "host": service.url, "password": "a-token", "extra": {"project_id": "p"}}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(stored))
        check(tmp_path / "run", jobs=[])

    assert logs == [False, False]
    assert logging.getLogger("a-library").isEnabledFor(logging.CRITICAL)


def test_a_fault_of_the_check_itself_shows_no_traceback(plant, monkeypatch, capfd):
    def broken(*arguments: object) -> None:
        raise RuntimeError(plant("fault of the check"))

    monkeypatch.setattr("airflow_provider_drs.livecheck.connect.read_jobs", broken)

    assert main(["--job", plant.job_id("job")]) == 4
    output = "".join(capfd.readouterr())
    assert output.startswith("The check has a fault of its own: RuntimeError in ")
    assert plant.found([("output", output.encode())]) == {}


def test_a_value_that_is_a_word_of_the_contract_is_told_nowhere(monkeypatch, tmp_path, capfd):
    token, user, password = "CREATE_FAILED", "FULL_TRANSFER_FAILED", "mysql"

    def answer(request: Request) -> Reply:
        if "X-Auth-Token" not in request.headers:
            return Reply({"error_code": "APIGW.0301"}, 401)
        if "/batch-" not in request.path:
            return Reply({"jobs": [{"status": token, "job_action": {"available_actions": []}}], "total_record": 1})
        status = "failed" if request.path.endswith("/batch-connection") else user
        return Reply({"results": [{"id": job_id(1), "status": status, "db_use_type": password}], "count": 1})

    with Service(answer) as service:
        stored = {"conn_type": "drs", "host": service.url, "password": token, "extra": {"project_id": "p"}}
        monkeypatch.setenv("AIRFLOW_CONN_DRS_DEFAULT", json.dumps(stored))
        result = check(tmp_path / "run", test=[endpoint(1, db_user=user, db_password=password)], jobs=[job_id(1)])
    told = "".join(
        file.read_text() for file in [*(result.folder / "records").iterdir(), result.folder / "answers.json"]
    )

    assert list(result.seen("actions")) == list(result.seen("test-wrong-state")) == ["***"]
    assert not [value for value in (token, user, password) if value in told + "".join(capfd.readouterr())]
