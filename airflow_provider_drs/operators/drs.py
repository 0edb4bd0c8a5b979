"""The operator that has DRS log in to every database of a migration, and stores what was tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_drs._compat import BaseOperator
from airflow_provider_drs._fail_fast import fail_fast_on_permanent_errors
from airflow_provider_drs.api.errors import DrsError, DrsStoppedError
from airflow_provider_drs.api.model.inputs import is_seconds, is_whole
from airflow_provider_drs.api.texts import printable
from airflow_provider_drs.operators._killing import EndsWhenKilled
from airflow_provider_drs.operators._links import HasLinks
from airflow_provider_drs.operators._masked import MasksRenderedFields
from airflow_provider_drs.operators._report import LeavesReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_provider_drs.api.model.report import Report

_LONGEST_NAME = 250
"""Characters that Airflow's database holds of the name of a mapped task."""


class DrsTestConnectionsOperator(HasLinks, LeavesReport, MasksRenderedFields, EndsWhenKilled, BaseOperator):
    """Test every endpoint of any number of DRS jobs, and fail unless DRS can log in to all of them.

    With ``store`` the endpoints of each job whose source and target passed are stored in the job, and what DRS has
    stored is compared with what was tested. The gate fails unless all jobs are stored.

    The statuses of the jobs are read first. An endpoint of a job that DRS cannot test gets a verdict that names the
    status, and all other endpoints are tested.

    A mapped task has the labels of its endpoints as its name, unless the DAG sets ``map_index_template``.

    The report is the task's XCom, whether the task fails or not: ``{"schema": 1, "kind": "connections", "passed": bool,
    "failed": number, "checked_at": ISO 8601 UTC, "digest": text, "summary": Markdown, "endpoints": [{"job_id", "label",
    "side", "db_type", "address", "passed", "code", "text", "hint", "request_id", "seconds", "attempts", "status",
    "digest"}], "jobs": [{"job_id", "passed", "stored": true, false or null, "code", "text", "hint", "request_id",
    "digest", "unproven": [member], "warnings": [text], "node": {"ip", "public_ip"} or null, "update_time",
    "checked_at"}]}``,
    with the endpoints in the order of ``jobs``, and with ``"errors"`` if nothing was tested. Follows the vendor's pages
    *Testing Connections in Batches* and *Modifying Tasks in Batches*.

    :param jobs: endpoints, each an object with the members of the API's ``jobs[]`` and, if wanted, a ``label``; a list,
        a single one, an XCom of such, or text that is a JSON or Python list. ``db_conn_id`` names the Connection of
        the database, which then says what the endpoint does not; ``ssl_cert_file`` is the path of a PEM or ``.p12`` on
        the worker. (templated)
    :param store: store the endpoints of each job whose source and target passed. A job may then have one source and one
        target only.
    :param job_settings: what is stored beside the endpoints, ``{member: value}`` for all jobs or ``{job id: {member:
        value}}``, with the members of the API's ``ModifyJobReq``; a list of them is not allowed. What it leaves out is
        as DRS has it. (templated)
    :param drs_conn_id: the Connection to DRS. (templated)
    :param project_id: wins over the Connection's. (templated)
    :param language: of the service's texts, ``en-us`` or ``zh-cn``; wins over the Connection's. (templated)
    :param batch_size: endpoints in one call, 1 to 10.
    :param max_concurrency: calls under way at once.
    :param on_failure: what a failed endpoint does to the task: ``fail`` it, ``skip`` it and so what is downstream, or
        ``report`` only, so that the task ends green and a task that reads the report decides.
    :param retest_attempts: how many times endpoints that did not pass are tested again; each time is another login.
    :param retest_delay: seconds before they are.
    :param each_host: test every host of an ``ip`` that names several, each with a verdict of its own, because DRS is
        content when one of them answers.
    :raises AirflowFailException: at once, without a retry, when the input is bad, DRS refused the request or the
        credential, or somebody has changed what was stored; unless the retry policy of the task decides otherwise.
    :raises AirflowSkipException: when an endpoint did not pass or is not stored, and ``on_failure`` is ``skip``.
    :raises DrsEndpointsFailedError: when an endpoint did not pass or is not stored; Airflow's ``retries`` test again.
    """

    template_fields: Sequence[str] = ("jobs", "job_settings", "drs_conn_id", "project_id", "language")
    template_fields_renderers = {"jobs": "json", "job_settings": "json"}  # noqa: RUF012 - Airflow declares it so
    ui_color = "#f4e3c1"
    _masked_field = "jobs"
    _settings_field = "job_settings"
    _texts_are_secret = True

    def __init__(
        self,
        *,
        jobs: Any,
        store: bool = False,
        job_settings: Any = None,
        drs_conn_id: str = "drs_default",
        project_id: str | None = None,
        language: str | None = None,
        batch_size: int = 10,
        max_concurrency: int = 8,
        on_failure: Literal["fail", "skip", "report"] = "fail",
        retest_attempts: int = 0,
        retest_delay: float = 30,
        each_host: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.jobs = jobs
        self.store = store
        self.job_settings = job_settings
        self.drs_conn_id = drs_conn_id
        self.project_id = project_id
        self.language = language
        self.batch_size = batch_size
        self.max_concurrency = max_concurrency
        self.on_failure = on_failure
        self.retest_attempts = retest_attempts
        self.retest_delay = retest_delay
        self.each_host = each_host
        broken = {
            "batch_size must be a whole number, 1 to 10": not is_whole(batch_size, 1, 10),
            "max_concurrency must be a whole number, 1 or more": not is_whole(max_concurrency, 1),
            "on_failure must be fail, skip or report": on_failure not in ("fail", "skip", "report"),
            "retest_attempts must be a whole number, 0 or more": not is_whole(retest_attempts, 0),
            "retest_delay must be a number of seconds, 0 or more": not is_seconds(retest_delay),
            "each_host must be True or False": not isinstance(each_host, bool),
            "store must be True or False": not isinstance(store, bool),
            "job_settings is for store=True only": job_settings is not None and store is False,
        }
        if any(broken.values()):
            raise ValueError("; ".join(rule for rule, is_broken in broken.items() if is_broken))

    def execute(self, context: Context) -> dict[str, Any]:
        """Test, then leave the report and fail unless all passed."""
        # imported here: Airflow parses DAG files again and again and needs none of this for it
        from airflow_provider_drs.api.model.report import Report

        with fail_fast_on_permanent_errors(context):
            try:
                report = self._test(context)
            except DrsStoppedError:
                raise
            except DrsError as error:
                self.leave(context, Report((), (error,)))
                raise
        return self.conclude(context, report)

    def _test(self, context: Any) -> Report:
        from airflow_provider_drs.api.batch import each_host_alone
        from airflow_provider_drs.api.endpoint import parse_endpoints
        from airflow_provider_drs.api.readiness import run_ready_tests
        from airflow_provider_drs.api.store import parse_for_store, run_tests_and_store
        from airflow_provider_drs.hooks.databases import members_of_connection
        from airflow_provider_drs.hooks.drs import DrsHook

        hook = DrsHook(self.drs_conn_id, project_id=self.project_id, language=self.language)
        self.begin_links(context)
        if self.store:
            endpoints, job_settings = parse_for_store(self.jobs, self.job_settings, members_of_connection)
        else:
            endpoints = parse_endpoints(self.jobs, members_of_connection)
        for position, endpoint in enumerate(endpoints):
            for doubt in endpoint.doubts(stored=self.store):
                self.log.warning("jobs[%s].%s", position, doubt)
        if getattr(context.get("ti"), "map_index", -1) >= 0 and context["map_index_template"] is None:
            # Airflow renders the template after this task; a label that looks like a template must stay as it is.
            names = dict.fromkeys(endpoint.label or endpoint.id for endpoint in endpoints)
            context["drs_labels"] = printable(", ".join(names), _LONGEST_NAME)
            context["map_index_template"] = "{{ drs_labels }}"
        tested = each_host_alone(endpoints) if self.each_host else endpoints
        settings: dict[str, Any] = {
            "batch_size": self.batch_size,
            "max_concurrency": self.max_concurrency,
            "retest_attempts": self.retest_attempts,
            "retest_delay": self.retest_delay,
        }
        with self.killing(hook), hook.get_conn() as client:
            if self.store:
                return run_tests_and_store(client, endpoints, job_settings, tested, **settings)
            return run_ready_tests(client, tested, **settings)
