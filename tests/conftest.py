"""What every test shares: in CI a test that is skipped has failed."""

import os
import signal
from collections.abc import Generator

import pytest
from hypothesis import settings

settings.register_profile("plugcli", deadline=None)  # the machine may be busy
settings.load_profile("plugcli")


def pytest_configure() -> None:
    """Take Ctrl-C as a terminal's program does: started in the background (`nohup ... &`), it would be ignored, by our children too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where PLUGCLI_NO_SKIPS is set: a skipped sandbox test shows nothing."""
    report = yield
    if report.skipped and os.environ.get("PLUGCLI_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and PLUGCLI_NO_SKIPS is set: {report.longrepr}"
    return report
