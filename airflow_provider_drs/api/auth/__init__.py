"""Credentials, and the calls that fetch tokens, temporary keys and project ids."""

from airflow_provider_drs.api.auth.credentials import AkSkAuth, Auth, PasswordAuth, TokenAuth
from airflow_provider_drs.api.auth.identity import IdentityAuth
from airflow_provider_drs.api.auth.metadata import Metadata
from airflow_provider_drs.api.auth.pod import PodIdentity

__all__ = ["AkSkAuth", "Auth", "IdentityAuth", "Metadata", "PasswordAuth", "PodIdentity", "TokenAuth"]
