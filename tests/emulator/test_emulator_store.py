"""Storing endpoints: when it is refused, what is kept, and what of it is never seen again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from drs_calls import JOB, Clock, Drs, end, entry, job_id, stored

from airflow_provider_drs.emulator.errors import RefusedError
from airflow_provider_drs.emulator.server import Emulator
from airflow_provider_drs.emulator.state import World

CANARY = "canary-7d1f"


def right_password_only(tested: Any) -> None:
    if tested["db_password"] != "right":
        raise RefusedError("DRS.KE0002", "wrong password")


@pytest.fixture
def drs() -> Iterator[Drs]:
    with Emulator(World(ready_after_polls=0), probe=right_password_only) as emulator:
        yield Drs(emulator)


def pass_both_tests(drs: Drs, job: str = JOB) -> None:
    drs.connect(entry(id=job), entry(id=job, end_point_type="ta"))


def refusal(drs: Drs, job: dict[str, Any] | None = None) -> str | None:
    (result,) = drs.modify(job or stored())
    assert result["status"] == ("failed" if "error_code" in result else "success")
    code: str | None = result.get("error_code")
    return code


def test_what_passed_its_test_on_both_ends_is_stored(drs: Drs) -> None:
    pass_both_tests(drs)
    assert drs.modify(stored()) == [{"id": JOB, "status": "success"}]
    assert drs.emulator.world.job(JOB).stored == {"source": end(), "target": end(ip="127.0.0.2")}


def test_nothing_is_stored_before_both_ends_passed(drs: Drs) -> None:
    assert refusal(drs) == "DRS.M01501"
    drs.connect(entry())
    assert refusal(drs) == "DRS.M01501"
    drs.connect(entry(end_point_type="ta", db_password="wrong"))
    (result,) = drs.modify(stored())
    assert result["error_code"] == "DRS.M01501"
    assert "the latest test of the target failed" in result["error_msg"]
    assert drs.emulator.world.job(JOB).stored == {}


def test_the_latest_test_decides(drs: Drs) -> None:
    pass_both_tests(drs)
    drs.connect(entry(db_password="wrong"))
    assert refusal(drs) == "DRS.M01501"
    drs.connect(entry())
    assert refusal(drs) is None


def test_an_end_with_several_endpoints_passed_when_all_of_a_call_did(drs: Drs) -> None:
    drs.connect(entry(), entry(ip="127.0.0.9", db_password="wrong"), entry(end_point_type="ta"))
    assert refusal(drs) == "DRS.M01501"


def test_the_tests_of_another_job_count_for_nothing(drs: Drs) -> None:
    pass_both_tests(drs, job_id(2))
    assert [result["status"] for result in drs.modify(stored(), stored(job_id(2)))] == ["failed", "success"]


@pytest.mark.parametrize("status", ["CREATING", "STARTJOBING", "FULL_TRANSFER_STARTED", "RELEASE_RESOURCE_COMPLETE"])
def test_endpoints_are_stored_in_configuration_only(drs: Drs, status: str) -> None:
    pass_both_tests(drs)
    drs.emulator.world.set_status(JOB, status)
    assert refusal(drs) == "DRS.M00304"


def test_a_parent_of_dual_active_recovery_stores_nothing_and_can_be_renamed(drs: Drs) -> None:
    drs.emulator.world.add_job(JOB, "CONFIGURATION", role="parent")
    assert refusal(drs) == "DRS.M00307"
    assert refusal(drs, {"job_id": JOB, "name": "renamed"}) is None


def test_jobs_that_are_absent_fail_by_themselves() -> None:
    world = World(any_job=False)
    for number in (1, 2):
        world.add_job(job_id(number), "CONFIGURATION")
    world.delete(job_id(2))
    with Emulator(world) as emulator:
        results = Drs(emulator).modify(*({"job_id": job_id(number), "description": "x"} for number in (1, 2, 3)))
    assert [result.get("error_code") for result in results] == [None, "DRS.M05004", "DRS.M00289"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("CREATING", None),
        ("FULL_TRANSFER_STARTED", None),
        ("RELEASE_RESOURCE_COMPLETE", "DRS.M00304"),
        ("DELETED", "DRS.M00304"),
    ],
)
def test_a_job_is_renamed_until_it_has_ended(drs: Drs, status: str, code: str | None) -> None:
    drs.emulator.world.set_status(JOB, status)
    assert refusal(drs, {"job_id": JOB, "name": "renamed", "description": "d"}) == code
    assert (drs.emulator.world.job(JOB).facts.name == "renamed") == (code is None)


def test_a_name_that_another_job_has_is_refused_in_any_case_of_letters(drs: Drs) -> None:
    drs.emulator.world.add_job(job_id(2), name="gate-one")
    assert refusal(drs, {"job_id": JOB, "name": "Gate-One"}) == "DRS.M00277"
    assert refusal(drs, {"job_id": job_id(2), "name": "GATE-one"}) is None


def test_a_refused_store_changes_nothing_else(drs: Drs) -> None:
    before = drs.emulator.world.job(JOB)
    assert refusal(drs, stored(name="renamed", net_type="vpn")) == "DRS.M01501"
    assert drs.emulator.world.job(JOB) == before


def test_a_store_may_change_what_the_job_is(drs: Drs) -> None:
    pass_both_tests(drs)
    drs.modify(stored(node_type="small", net_type="vpn", is_target_readonly=False, tags=[{"key": "k", "value": "v"}]))
    facts = drs.emulator.world.job(JOB).facts
    assert (facts.node_type, facts.net_type, facts.is_target_readonly, facts.tags) == (
        "small",
        "vpn",
        False,
        {"k": "v"},
    )


def test_without_the_switch_the_endpoints_are_not_stored(drs: Drs) -> None:
    assert refusal(drs, stored(store_db_info=False)) is None
    assert drs.emulator.world.job(JOB).stored == {}


def test_another_store_replaces_the_first_without_a_word(drs: Drs) -> None:
    pass_both_tests(drs)
    drs.modify(stored())
    drs.modify(stored(source_endpoint=end(ip="127.0.0.7", db_port=None)))
    assert drs.emulator.world.job(JOB).stored["source"] == end(ip="127.0.0.7", db_port=None)


def test_each_edit_moves_the_time_of_the_job_and_nothing_else_does() -> None:
    clock = Clock()
    with Emulator(World(ready_after_polls=0, clock=clock), probe=right_password_only) as emulator:
        drs = Drs(emulator)

        def updated() -> int:
            return int(drs.details(JOB)[0]["update_time"])

        created = updated()
        drs.status(JOB)
        pass_both_tests(drs)
        drs.modify({"job_id": JOB, "name": "renamed"})
        assert updated() == created + 1, "the clock stands still"
        clock.now += 60
        assert updated() == created + 1
        drs.modify(stored())
        assert updated() == created + 60_000
        emulator.world.change_stored(JOB, "source", db_user="other")
        assert updated() == created + 60_001
        assert drs.details(JOB)[0]["create_time"] == str(created)


def test_secrets_are_kept_and_never_shown(drs: Drs, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "airflow_provider_drs.emulator")
    kafka = {
        "type": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
        "trust_store_key_name": "trust.jks",
        "trust_store_key": CANARY,
        "trust_store_password": CANARY,
        "enable_key_store": True,
        "key_store_key": CANARY,
        "key_store_key_name": "key.jks",
        "key_store_password": CANARY,
        "set_private_key_password": True,
        "key_password": CANARY,
    }
    tls = dict.fromkeys(("ssl_cert_key", "ssl_cert_check_sum", "ssl_cert_password"), CANARY)
    pass_both_tests(drs)
    drs.modify(
        stored(
            source_endpoint=end(db_password=CANARY, ssl_link=True, ssl_cert_name="ca.p12", **tls),
            target_endpoint=end(db_type="kafka", db_password=CANARY, kafka_security_config=kafka),
        )
    )
    kept = drs.emulator.world.job(JOB)
    (details,) = drs.details(JOB)
    assert (
        kept.stored["source"]["db_password"] == kept.stored["target"]["kafka_security_config"]["key_password"] == CANARY
    )
    assert details["target_endpoint"]["kafka_security_config"] == {
        "type": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
        "trust_store_key_name": "trust.jks",
        "enable_key_store": True,
        "key_store_key_name": "key.jks",
    }
    assert details["source_endpoint"]["ssl_link"] is True
    for text in (str(details), repr(kept), str(kept.stored), f"{kept.stored['source']}", caplog.text):
        assert text
        assert CANARY not in text
