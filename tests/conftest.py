"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test has printed and logged may hold names that are no UTF-8; a worker could not hand that on, and would
    end the whole run."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real sample data beside the checkout."""
    folder = Path(os.environ.get("LABELTOOL_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no sample data in {folder}; LABELTOOL_SHARED_DATA may name another folder")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_trace_in_the_home_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Caches and settings of the program go to a folder of the test run."""
    home = tmp_path_factory.mktemp("home")
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(home / name.lower())


@pytest.fixture(scope="session", autouse=True)
def _a_busy_machine_is_no_silent_drive() -> None:
    """What takes milliseconds may take longer where tests run beside each other; it is waited for."""
    from labeltool.app import watching

    watching.AT_ONCE_S = 30.0


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[None]:
    """Nobody's settings for the window; the windows of the test are gone after it."""
    from PySide6.QtCore import QSettings  # most of the tests need no window

    from labeltool.ui.main import application
    from tests.e2e.tidy import tidy

    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    with tidy(application()):
        yield


@pytest.fixture(scope="module")
def quick_disk() -> Iterator[None]:
    """Do not wait for the disk, in tests that are not about what a power cut leaves."""
    from labeltool.store import database, index

    with pytest.MonkeyPatch.context() as patched:
        for module in (database, index):
            patched.setattr(module, "DURABLE", ("PRAGMA synchronous=OFF",))
        yield
