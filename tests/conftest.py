"""What every test shares: in CI a test that is skipped has failed, and tests that measure time have the machine for themselves."""

import fcntl
import os
import signal
from collections.abc import Generator
from pathlib import Path, PurePath

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).parent

# They count the machine's processes and kernel objects, and measure time.
ALONE = ("abuse/*", "e2e/*")
# These do neither.
NOT_ALONE = (
    "e2e/test_commit_hook.py",
    "e2e/test_explain.py",
    "e2e/test_fix.py",
    "e2e/test_init.py",
    "e2e/test_missing_files.py",
    "e2e/test_prompt.py",
    "e2e/test_strict_json.py",
    "e2e/test_validate_configuration.py",
    "e2e/test_validate_formats.py",
    "e2e/test_validate_nothing.py",
    "e2e/test_validate_output.py",
    "e2e/test_validate_sides.py",
    "e2e/test_wheel.py",
)

settings.register_profile("plugcli", deadline=None)  # the machine may be busy
settings.load_profile("plugcli")


def pytest_configure() -> None:
    """Take Ctrl-C as a terminal's program does: started in the background (`nohup ... &`), it would be ignored, by our children too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One worker for each CPU. None for a file or a test, which is over before workers are there, nor for what runs alone anyway."""
    paths = [Path(config.invocation_params.dir, each.partition("::")[0]) for each in config.args]
    if all(path.is_file() or path.is_relative_to(TESTS / "abuse") for path in paths):
        return 0
    return len(os.sched_getaffinity(0))


class _Schedule(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each file to one worker, and all files that run alone to the same one.

    `--dist=loadgroup` of pytest-xdist 3.8 does not see the groups any more with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "alone" if _has_alone(PurePath(file)) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Schedule:
    """Say which worker gets which tests."""
    return _Schedule(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what runs alone at the end, and keep slow tests out of the inner loop."""
    items.sort(key=_is_alone)
    if _is_inner_loop(config):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


def _is_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None or _has_alone(item.path)


def _has_alone(file: PurePath) -> bool:
    return any(map(file.match, ALONE)) and not any(map(file.match, NOT_ALONE))


def _is_inner_loop(config: pytest.Config) -> bool:
    """Whether this is `pytest tests/unit`, and not in CI."""
    asked = [Path(config.invocation_params.dir, each) for each in config.args]
    return asked == [TESTS / "unit"] and not config.option.markexpr and "PLUGCLI_NO_SKIPS" not in os.environ


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Hold the lock on this file while a test runs beside others, in workers: shared, or alone."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if _is_alone(item) else fcntl.LOCK_SH)
        try:
            return (yield)
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)  # a process that a test has forked may have the file open


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
