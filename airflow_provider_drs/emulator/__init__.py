"""A local server that answers like Huawei Cloud DRS and really dials the databases it is asked about.

``python -m airflow_provider_drs.emulator`` serves it to a DAG being tried out; ``emulator.server.Emulator`` serves it
to tests, and the pytest fixture ``drs_emulator`` to the tests of DAGs, where nothing is dialled. It is a reading of the
service's documents of its own and shares no code with the rest of this package, so that one misreading cannot pass on
both sides.
"""
