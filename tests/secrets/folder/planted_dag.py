"""Leaks on purpose, which the search must find."""

import asyncio
import datetime
import os

from airflow.providers.common.compat.sdk import DAG, BaseOperator
from airflow.triggers.base import BaseTrigger, TriggerEvent


class Leaks(BaseOperator):
    def execute(self, context):
        self.log.info("the password is %s", os.environ["PLANTED_LOG"])
        return {"password is": os.environ["PLANTED_XCOM"]}


class Waits(BaseTrigger):
    def __init__(self, argument):
        super().__init__()
        self.argument = argument

    def serialize(self):
        return f"planted_dag.{type(self).__name__}", {"argument": self.argument}

    async def run(self):
        await asyncio.sleep(3600)
        yield TriggerEvent({})


class Defers(BaseOperator):
    def execute(self, context):
        self.defer(trigger=Waits(os.environ["PLANTED_TRIGGER"]), method_name="execute")


with DAG("planted", schedule=None, start_date=datetime.datetime(2026, 1, 1)):
    Leaks(task_id="leaks")
    Defers(task_id="defers")
