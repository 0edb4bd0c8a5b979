"""Mapped gates: one with the name that the operator gives, one with the author's."""

from airflow.providers.common.compat.sdk import dag, task

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator


@dag(schedule=None, params={"endpoints": []})
def names_of_mapped_tasks():
    @task
    def endpoints(params=None):
        return params["endpoints"]

    listed = endpoints()
    DrsTestConnectionsOperator.partial(task_id="by_default").expand(jobs=listed)
    DrsTestConnectionsOperator.partial(task_id="by_the_author", map_index_template="{{ task.jobs[0].ip }}").expand(
        jobs=listed
    )
    DrsTestConnectionsOperator(task_id="not_mapped", jobs=listed)


names_of_mapped_tasks()
