"""The report page, and the plugin that has Airflow serve it."""
