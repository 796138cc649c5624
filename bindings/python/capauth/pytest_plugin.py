"""The pytest fixture where capauth is on the path but not installed: pytest -p capauth.pytest_plugin."""

from capauth_pytest import capauth_emulator

__all__ = ["capauth_emulator"]
