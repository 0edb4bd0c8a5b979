"""The version of Airflow that runs, without a load of anything else of Airflow."""

from __future__ import annotations

from airflow import __version__

_major, _minor = __version__.split(".")[:2]

AIRFLOW = (int(_major), int(_minor))
"""Major and minor version."""
