"""The schemas of the contract, for tests that hold a request against them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

import airflow_provider_drs

CONTRACT = yaml.safe_load((Path(airflow_provider_drs.__file__).parent / "emulator" / "contract.yaml").read_text())
SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]


def validator(name: str) -> Draft202012Validator:
    """Return what holds an object against the schema of that name."""
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": CONTRACT["components"]})
