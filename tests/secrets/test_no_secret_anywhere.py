"""Runs every kind of DAG in a real Airflow, with a canary in each secret, and searches all its data for canaries."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from canaries import NAMES, PLANTED, REFUSED, SENT, Canary, environment, make_canaries
from certificate_files import write_p12
from cryptography.fernet import Fernet
from postgres import Postgres
from running_airflow import AIRFLOW_2, RunningAirflow, free_ports, wait_until
from samples import job_id
from search import Place, in_database, in_files, places_of
from storing import StoringService
from wire import Reply, Request, Service, all_pass

from airflow_provider_drs.emulator.accounts import Accounts
from airflow_provider_drs.emulator.rehearsal import RehearsalEmulator
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

pytestmark = pytest.mark.running_airflow

ENDINGS = {
    "passes": "success",
    "stores": "success",
    "fails_on_verdicts": "failed",
    "fails_on_bad_input": "failed",
    "fails_on_misplaced_secrets": "failed",
    "dies_in_the_transport": "failed",
    "mapped": "success",
    "gate_opens": "success",
    "gate_is_shut": "failed",
}
FINISHED = (*ENDINGS, "defers")


@dataclass(frozen=True)
class Aftermath:
    """The results of the runs: states by DAG, the requests to the services, and the places that hold canaries."""

    canaries: dict[str, Canary]
    states: dict[str, list[tuple[str, str]]]
    endings: dict[str, str]
    sent: str
    while_waiting: dict[str, set[str]]
    afterwards: dict[str, set[str]]
    searched: set[str]
    tokens: int
    keys: int


def echo(request: Request) -> Reply:
    """Refuse every endpoint, and echo the whole request, as the debug page of a proxy may do."""
    everything = f"{request.body.decode()} {json.loads(request.body)} {dict(request.headers.items())}"
    refused = [
        {
            "id": entry.get("id") or entry["job_id"],
            "status": "failed",
            "error_code": "DRS.KE0002",
            "error_msg": f"wrong password {entry.get('db_password')} in {json.dumps(entry)} {everything}",
        }
        for entry in request.entries
    ]
    return Reply({"results": refused, "count": len(refused)})


class Refusing(StoringService):
    """It refuses every store, and echoes what it was to store."""

    def _store(self, entry: dict[str, Any]) -> dict[str, Any]:
        echoed = f"the store of {entry} is refused, {json.dumps(entry)}"
        return {"id": entry["job_id"], "status": "failed", "error_code": "DRS.M00202", "error_msg": echoed}


def error_page(request: Request) -> Reply:
    return Reply(raw=request.body, status=502, headers={"Content-Type": "text/html"})


def cut_off(request: Request) -> Reply:
    return Reply(raw=request.body, headers={"Content-Length": str(len(request.body) + 100), "Connection": "close"})


def _is_over(airflow: RunningAirflow, dag_id: str) -> bool:
    return airflow.run_state(dag_id) in ("success", "failed")


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    home = tmp_path_factory.mktemp("airflow")
    stores = tmp_path_factory.mktemp("stores")
    canaries = make_canaries()
    write_p12(stores / "trust.p12", canaries["of_kafka_trust"].value)
    write_p12(stores / "keys.p12", canaries["of_kafka_keys"].value)
    fernet_key = Fernet.generate_key().decode()
    searched_for = [canaries[name] for name in (*NAMES, *PLANTED)]
    may_go_on = threading.Event()

    def not_yet(request: Request) -> Reply:
        if may_go_on.is_set():
            return all_pass(request)
        jobs = request.json["jobs"]
        return Reply({"results": [{"id": job, "status": "CREATING"} for job in jobs], "count": len(jobs)})

    log = logging.FileHandler(home / "emulator.log")
    logging.getLogger("airflow_provider_drs.emulator").addHandler(log)
    logging.getLogger("airflow_provider_drs.emulator").setLevel(logging.DEBUG)
    with ExitStack() as stack:
        services = {
            "drs_good": stack.enter_context(Service()),
            "drs_echo": stack.enter_context(Service(echo)),
            "drs_page": stack.enter_context(Service(error_page)),
            "drs_cut": stack.enter_context(Service(cut_off)),
            "drs_waiting": stack.enter_context(Service(not_yet)),
            "drs_storing": stack.enter_context(StoringService(shows_secrets=True)),
            "drs_refusing": stack.enter_context(Refusing()),
        }
        accounts = Accounts(
            user="drs",
            password=canaries["iam_password"].value,
            domain="drs",
            access_key="drs",
            secret_key=canaries["secret_key"].value,
            security_token=canaries["security_token"].value,
        )
        world = World(token=canaries["token"].value, ready_after_polls=0, accounts=accounts)
        emulator = stack.enter_context(Emulator(world))
        gate = stack.enter_context(RehearsalEmulator())
        (stores / "pod_token").write_text(canaries["pod_token"].value)
        gate.world.identities.facts.pod_token = canaries["pod_token"].value
        echoed = f"Access denied for user 'drs' (using password={canaries['db_password'].value})"
        failed = {"item": "srcDbConnection", "result": "FAILED", "raw_error_msg": echoed}
        gate.world.add_job(job_id(31), "CONFIGURATION", precheck={"items": [failed]})
        database = stack.enter_context(Postgres(tmp_path_factory.mktemp("postgres")))
        urls = {name: service.url for name, service in services.items()}
        urls |= {
            "drs_emulator": emulator.url,
            "drs_gate": gate.url,
            "drs_closed": f"http://127.0.0.1:{free_ports(1)[0]}",
        }
        variables = environment(canaries, urls, database.port, stores)
        folder = Path(__file__).parent / "folder"
        airflow = stack.enter_context(RunningAirflow(home, folder, variables, fernet_key))
        for dag_id in (*FINISHED, "planted"):
            airflow.start(dag_id)
        for dag_id in ENDINGS:
            wait_until(f"{dag_id} is over", partial(_is_over, airflow, dag_id), 600)
        wait_until("a planted trigger waits", lambda: ("defers", "deferred") in airflow.states("planted"), 300)
        wait_until("a planted leak is in the log", lambda: ("leaks", "success") in airflow.states("planted"), 300)
        wait_until("a sensor waits", lambda: ("wait", "deferred") in airflow.states("defers"), 300)
        wait_until("the triggerer polls", lambda: len(services["drs_waiting"].requests) > 3, 120)
        while_waiting = places_of(searched_for, in_database(home / "airflow.db", fernet_key))
        may_go_on.set()
        wait_until("defers is over", partial(_is_over, airflow, "defers"), 300)

        places: list[Place] = [place for dag_id in (*FINISHED, "planted") for place in airflow.shown(dag_id)]
        places += in_database(home / "airflow.db", fernet_key)
        places += in_files("log", home / "logs")
        places += [("console", airflow.console.read_bytes()), ("emulator's log", (home / "emulator.log").read_bytes())]
        keys = gate.world.accounts.keys
        secrets = [*accounts.issued, *(part for key in keys for part in (key.secret, key.security_token))]
        issued = [Canary("issued", each[:14], each[14:-14], each[-14:]) for each in secrets]
        yield Aftermath(
            canaries,
            {dag_id: airflow.states(dag_id) for dag_id in FINISHED},
            {dag_id: airflow.run_state(dag_id) for dag_id in FINISHED},
            "".join(r.body.decode() + str(r.headers) for service in services.values() for r in service.requests),
            dict(while_waiting),
            dict(places_of([*searched_for, *issued], places)),
            {place for place, content in places if content},
            len(accounts.issued),
            len(keys),
        )


def test_every_run_ends_as_intended(aftermath):
    assert aftermath.endings == {**ENDINGS, "defers": "success"}
    assert [state for _, state in aftermath.states["mapped"]] == ["success", "success"]
    assert {state for _, state in aftermath.states["fails_on_verdicts"]} == {"failed"}
    assert dict(aftermath.states["gate_is_shut"])["gate.precheck"] == "failed"
    assert {state for _, state in aftermath.states["dies_in_the_transport"]} == {"failed"}
    assert {state for _, state in aftermath.states["fails_on_misplaced_secrets"]} == {"failed"}


@pytest.mark.parametrize("name", NAMES)
def test_a_canary_reaches_its_service_and_is_nowhere_in_airflow(aftermath, name):
    canary = aftermath.canaries[name]

    assert name not in SENT or canary.head in aftermath.sent
    assert name not in SENT or canary.tail in aftermath.sent
    assert name not in REFUSED or canary.head not in aftermath.sent
    assert len(canary.value) > 20
    assert aftermath.while_waiting.get(name, set()) == set()
    assert aftermath.afterwards.get(name, set()) == set()


def test_no_token_and_no_temporary_key_that_was_issued_is_anywhere_in_airflow(aftermath):
    assert aftermath.tokens > 0
    assert aftermath.keys >= len(["agency", "pod"])
    assert aftermath.afterwards.get("issued", set()) == set()


def test_the_search_covers_every_kind_of_place(aftermath):
    def searched(start: str) -> list[str]:
        return [place for place in aftermath.searched if place.startswith(start)]

    assert searched("console")
    assert searched("emulator's log")
    assert searched("database file airflow.db")
    assert searched("database rendered_task_instance_fields.rendered_fields")
    assert searched("database xcom.value")
    assert searched("REST /dags/mapped/dagRuns/run/taskInstances/test/1")
    assert searched("REST /dags/passes/dagRuns/run/taskInstances/test/xcomEntries/return_value")
    assert searched("REST /dags/fails_on_verdicts/dagRuns/run/taskInstances/echoed/logs/1")
    assert len(searched("log ")) >= 12


def test_the_search_finds_a_planted_leak_in_a_log_line(aftermath):
    places = aftermath.afterwards["planted_log"]

    assert any(place.startswith("log ") for place in places)
    assert any("/logs/1" in place for place in places)


def test_the_search_finds_a_planted_leak_in_an_xcom(aftermath):
    places = aftermath.afterwards["planted_xcom"]

    assert "database xcom.value" in places
    assert any("xcomEntries/return_value" in place for place in places)


def test_the_search_finds_a_planted_leak_in_a_trigger_argument(aftermath):
    places = aftermath.while_waiting["planted_trigger"]

    assert any(place.startswith("database trigger.") for place in places)
    # only Airflow 2 encrypts the arguments of triggers
    assert any(place.startswith("database file") for place in places) != AIRFLOW_2
