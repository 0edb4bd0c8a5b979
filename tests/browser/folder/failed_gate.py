"""A gate of twenty jobs, each with a source and a target."""

import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_drs.operators.drs import DrsTestConnectionsOperator

NAMES = [
    *("orders", "billing", "customers", "stock", "prices", "carts", "payments", "refunds", "invoices", "parcels"),
    *(
        "returns",
        "reviews",
        "coupons",
        "accounts",
        "sessions",
        "searches",
        "suppliers",
        "contracts",
        "ledgers",
        "audits",
    ),
]


def endpoint(number, name, side, age):
    return {
        "id": f"{number:08x}-2222-4333-8444-5555555jb101",
        "label": f"{name} {age}",
        "net_type": "eip",
        "end_point_type": side,
        "db_type": "mysql",
        "ip": f"{name}-{age}.example.com",
        "db_port": 3306,
        "db_user": "drs",
        "db_password": "{{ var.value.database_password }}",
    }


with DAG("failed_gate", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
    DrsTestConnectionsOperator(
        task_id="test_connections",
        jobs=[
            endpoint(number, name, side, age)
            for number, name in enumerate(NAMES)
            for side, age in (("so", "old"), ("ta", "new"))
        ],
    )
