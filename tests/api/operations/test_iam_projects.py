"""``keystoneListProjects``: the project of a region is the only one of that name, or must be given."""

from __future__ import annotations

import pytest
from calls import times_sent
from raw_answers import answer
from wire import Reply, Service

from airflow_provider_drs.api.auth import TokenAuth
from airflow_provider_drs.api.auth.iam import Iam
from airflow_provider_drs.api.cancellation import Cancellation
from airflow_provider_drs.api.errors import DrsAnswerError, DrsInputError
from airflow_provider_drs.api.operations.iam_projects import IAM_PROJECTS, project_id
from airflow_provider_drs.emulator.server import Emulator

REGION = "cn-north-4"
ONE = {"projects": [{"id": "p-1", "name": REGION}]}


class NoPause(Cancellation):
    def sleep(self, seconds):
        pass


def ask(url):
    return Iam(url, cancellation=NoPause()).project_id(REGION, TokenAuth("a-token").authenticated)


def test_the_projects_of_that_name_are_asked_for_with_the_credential():
    with Service(lambda request: Reply(ONE)) as service:
        assert ask(service.url) == "p-1"

    (request,) = service.requests
    assert (request.method, request.path) == ("GET", f"/v3/projects?name={REGION}")
    assert (request.headers["X-Auth-Token"], request.body) == ("a-token", b"")


def test_an_item_that_is_no_project_or_has_no_id_does_not_count():
    others = [None, "p-2", {"name": REGION}, {"id": None}, {"id": ""}]

    assert project_id(REGION, answer({"projects": [*others, *ONE["projects"]]}, IAM_PROJECTS)) == "p-1"


def test_a_region_without_a_project_of_its_own_asks_for_the_id():
    with Emulator() as emulator, pytest.raises(DrsInputError, match="no projects named cn-north-4"):
        Iam(emulator.url).project_id("cn-north-4", TokenAuth(emulator.world.token).authenticated)


@pytest.mark.parametrize(
    ("projects", "text"),
    [
        ([], "knows no projects named cn-north-4; give the id"),
        ([{"name": REGION}], "knows no projects named cn-north-4; give the id"),
        ([{"id": "p-1"}, {"id": "p-2"}], "knows 2 projects named cn-north-4; give the id"),
        ([{"id": "p-1"}, {"id": "p-1"}], "knows 2 projects named cn-north-4; give the id"),
    ],
    ids=str,
)
def test_none_or_several_of_that_name_must_be_told_apart_by_the_user(projects, text):
    with pytest.raises(DrsInputError, match=text):
        project_id(REGION, answer({"projects": projects}, IAM_PROJECTS))


@pytest.mark.parametrize(
    "payload", [{}, {"projects": None}, {"projects": {"id": "p-1"}}, {**ONE, "success": False}], ids=str
)
def test_an_answer_without_a_list_of_projects_or_against_itself_is_none_of_iam(payload):
    with Service(lambda request: Reply(payload)) as service, pytest.raises(DrsAnswerError, match="of IAM"):
        ask(service.url)


@pytest.mark.parametrize("failure", ["throttled", "unavailable", "lost"])
def test_a_read_is_sent_again_after_whatever_may_heal(failure):
    assert times_sent(failure, Reply(ONE), lambda service: ask(service.url)) == 2
