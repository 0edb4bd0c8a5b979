"""The whole gate, with what the run's configuration names."""

from airflow.providers.common.compat.sdk import dag

from airflow_provider_drs.task_groups import migration_gate


@dag(schedule=None, params={"endpoints": [], "job_ids": [], "waivers": None})
def gates():
    common = {
        "jobs": "{{ params.endpoints | tojson }}",
        "job_ids": "{{ params.job_ids }}",
        "waivers": "{{ params.waivers }}",
        "test": {"job_settings": {"node_type": "high"}},
        "poll_interval": 0.1,
        "poke_interval": 0.1,
    }
    migration_gate("here", **common)
    migration_gate("deferred", deferrable=True, **common)


gates()
