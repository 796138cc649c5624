# SPDX-License-Identifier: Apache-2.0
import pytest


@pytest.fixture
def kept(tmp_path):
    """Where a test's session is kept, as arguments."""
    return ["--session", str(tmp_path / "session")]
