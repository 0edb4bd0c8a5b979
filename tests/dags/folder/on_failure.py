"""One gate for each value of ``on_failure``, each with a task of three trigger rules downstream."""

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(schedule=None, params={"endpoints": []})
def on_failure():
    for choice in ("fail", "skip", "report"):
        gate = DrsTestConnectionsOperator(
            task_id=choice, jobs="{{ params.endpoints | tojson }}", on_failure=choice, each_host=True
        )
        for rule in ("all_success", "all_done", "none_failed"):

            @task(task_id=f"{choice}__{rule}", trigger_rule=rule)
            def downstream():
                return None

            gate >> downstream()


on_failure()
