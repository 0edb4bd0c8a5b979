"""Credentials, and how tokens and projects are got from IAM."""

from airflow_provider_drs.api.auth.credentials import AkSkAuth, Auth, PasswordAuth, TokenAuth

__all__ = ["AkSkAuth", "Auth", "PasswordAuth", "TokenAuth"]
