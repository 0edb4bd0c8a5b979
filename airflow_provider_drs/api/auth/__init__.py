"""Credentials, and the calls of IAM that fetch tokens and project ids."""

from airflow_provider_drs.api.auth.credentials import AkSkAuth, Auth, PasswordAuth, TokenAuth

__all__ = ["AkSkAuth", "Auth", "PasswordAuth", "TokenAuth"]
