"""The log: what is in it, what is not, how large it becomes, and that a disk that takes none of it does no harm."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from labeltool.__main__ import main
from labeltool.app.diagnosis import log, names
from labeltool.app.diagnosis.log import NAME, OLDER, RotatingLog, end_of, kept
from labeltool.app.doctor import examine
from labeltool.core.errors import BadInputError, ModelError
from labeltool.inference.child import Child
from labeltool.store.fsck import check
from tests.faults.nobody import as_nobody, forbidden, give_away, reachable

ENTRY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \d+ [A-Z]+ [\w.]+: ")
ours = logging.getLogger("labeltool.test")


def quiet(why: str) -> None:
    raise AssertionError(f"the log cannot be written: {why}")


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own; gives the folder of logs, which is not there yet."""
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    if sys.platform != "linux":
        pytest.skip("only here a variable moves the folder of logs")
    return log.folder()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "images" / "Jane Doe.png"
    path.parent.mkdir()
    Image.fromarray(np.full((40, 60), 90, np.uint8)).save(path)
    return path


# ---- what is in it


def test_the_log_says_what_was_begun_with_which_versions_and_how_it_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), kept("train", quiet, tmp_path):
        ours.info("opened %s", Path("/data/study 7"))
        raise ZeroDivisionError("nothing to divide by")
    text = (tmp_path / NAME).read_text(encoding="utf-8")
    assert re.search(r"begin train: labeltool \d+\.\d+\.\d+, Python 3\.\d+", text)
    assert "opened ⟨/data/study 7⟩" in text
    assert "ZeroDivisionError: nothing to divide by" in text and "test_diagnosis_log.py" in text
    assert "end train, after " in text
    assert not logging.getLogger("labeltool").handlers, "nothing stays behind"


def test_commands_are_logged_with_their_project_and_without_pixels_or_names_of_images(
    homes: Path, picture: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    assert main(["new", str(project), "--classes", "nucleus"]) == 0
    assert main(["add", str(project), str(picture)]) == 0
    text = (homes / NAME).read_text(encoding="utf-8")
    assert [what for what in ("begin new", "end new", "begin add", "end add") if what not in text] == []
    assert f"opened ⟨{project}⟩" in text
    assert "Doe" not in text
    assert "nucleus" not in text


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["add", "--help"], ["add"], ["no-such-thing"]])
def test_no_log_is_begun_to_say_how_a_command_is_used(homes: Path, words: list[str]) -> None:
    main(words)
    assert not homes.exists()


def test_what_a_file_says_of_a_patient_never_gets_into_the_log(homes: Path, tmp_path: Path) -> None:
    pydicom = pytest.importorskip("pydicom", reason="the extra medical is not installed")
    folder = tmp_path / "scans"
    folder.mkdir()
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    data = pydicom.dataset.FileDataset(str(folder / "1.dcm"), {}, file_meta=meta, preamble=b"\0" * 128)
    data.PatientName, data.PatientID, data.PatientBirthDate = "DOE^JANE", "MRN-4711", "19700101"
    data.SOPClassUID, data.SOPInstanceUID = pydicom.uid.CTImageStorage, pydicom.uid.generate_uid()
    data.Rows, data.Columns, data.BitsAllocated, data.PixelData = 64, 64, 16, b"\0" * 100  # far too few
    data.BitsStored, data.HighBit, data.PixelRepresentation, data.SamplesPerPixel = 16, 15, 0, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.save_as(folder / "1.dcm", enforce_file_format=True)
    project = tmp_path / "project"
    assert main(["new", str(project), "--classes", "nucleus"]) == 0
    main(["add", str(project), str(folder)])
    text = (homes / NAME).read_text(encoding="utf-8")
    assert "begin add" in text
    assert [word for word in ("DOE", "JANE", "MRN-4711", "19700101") if word in text] == []


def test_no_text_can_look_like_an_entry_of_the_log(tmp_path: Path) -> None:
    with kept("add", quiet, tmp_path):
        ours.error("cannot read %s\n2026-01-01T00:00:00.000Z 1 INFO app: all is well\rno", "x")
    lines = (tmp_path / NAME).read_text(encoding="utf-8").splitlines()
    assert sum(ENTRY.match(line) is not None for line in lines) == 3  # begin, error, end
    assert all(ENTRY.match(line) or line.startswith("    ") for line in lines)


def test_the_same_entry_again_and_again_is_written_now_and_then(tmp_path: Path) -> None:
    with kept("window", quiet, tmp_path):
        for _ in range(1_000):
            ours.warning("the painter has ended")
    assert (tmp_path / NAME).read_text(encoding="utf-8").count("the painter has ended") == 5 + 3


def test_what_a_process_said_can_be_found_again(tmp_path: Path) -> None:
    with kept("window", quiet, tmp_path):
        ours.error("one\ntwo")
    with (tmp_path / NAME).open("a") as file:
        file.write("2026-01-01T00:00:00.000Z 1 INFO app: another process\n")
    mine = end_of(os.getpid(), at=tmp_path)
    assert "one\n    two" in mine and "another process" not in mine
    assert end_of(os.getpid(), since="9999", at=tmp_path) == ""


def test_the_last_words_of_a_child_that_crashed_are_in_the_log_and_short_for_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crashing.py").write_text(
        "import ctypes, sys\nsys.stderr.write('loading the network\\n')\nsys.stderr.flush()\nctypes.string_at(0)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with kept("prelabel", quiet, tmp_path / "log"):
        child = Child("crashing", [])
        frame = child.frames.get(timeout=30)
        assert isinstance(frame, Exception)
        died = child.obituary(frame)
        child.kill()
    assert isinstance(died, ModelError)
    assert died.hint == "loading the network"
    text = (tmp_path / "log" / NAME).read_text(encoding="utf-8")
    assert died.message in text and "loading the network" in text
    assert 'crashing.py", line 4' in text


def test_doctor_names_the_folder_of_logs(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labeltool.app.doctor._plugins", lambda: iter(()))
    monkeypatch.setattr("labeltool.app.doctor._window", lambda: iter(()))
    monkeypatch.setattr("labeltool.app.doctor._models", lambda device: iter(()))
    found = {finding.name: finding for finding in examine()}
    assert found[str(homes)].verdict == "ok"
    assert "the log" in found[str(homes)].text


# ---- how large it becomes


def test_the_log_stays_small_however_long_the_program_runs(tmp_path: Path) -> None:
    handler = RotatingLog(tmp_path / NAME, quiet, most_bytes=2_000)
    handler.setFormatter(logging.Formatter("%(message)s"))
    for number in range(1_000):
        handler.emit(logging.makeLogRecord({"msg": f"entry {number} {'x' * 40}"}))
    handler.close()
    files = sorted(path for path in tmp_path.iterdir() if not path.name.endswith(".lock"))
    assert [path.name for path in files] == [NAME, *(f"{NAME}.{n}" for n in range(1, OLDER + 1))]
    assert max(path.stat().st_size for path in files) < 2_100
    assert "entry 999" in (tmp_path / NAME).read_text()


def test_processes_that_share_the_log_lose_no_entry_when_it_is_moved_aside(tmp_path: Path) -> None:
    code = (
        "import logging, sys\nfrom pathlib import Path\nfrom labeltool.app.diagnosis.log import RotatingLog\n"
        "h = RotatingLog(Path(sys.argv[1]), print, most_bytes=14_000)\n"
        "for n in range(300): h.emit(logging.makeLogRecord({'msg': f'{sys.argv[2]}-{n}-' + 'x' * 60}))\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / NAME), str(who)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for who in range(3)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert said == [b"", b"", b""]
    files = [path for path in tmp_path.iterdir() if not path.name.endswith(".lock")]
    assert len(files) > 1
    found = sorted(line for path in files for line in path.read_text().splitlines())
    assert found == sorted(f"{who}-{n}-{'x' * 60}" for who in range(3) for n in range(300))


# ---- a disk that takes none of it


@pytest.fixture(params=["full", "no home"])
def unwritable(request: pytest.FixtureRequest, homes: Path, tmp_path: Path) -> Iterator[str]:
    """The folder of logs and every other folder of the home cannot be written."""
    if request.param == "full":
        homes.mkdir(parents=True)
        (homes / NAME).symlink_to("/dev/full")
        yield "No space left"
    else:
        for name in ("state", "cache", "config", "data"):
            (tmp_path / f"xdg_{name}_home").write_text("a file where a folder should be")
        yield "Not a directory"


def test_where_no_log_can_be_written_the_work_is_done_and_one_notice_says_so(
    unwritable: str, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "project"
    assert main(["new", str(project), "--classes", "nucleus"]) == 0
    capsys.readouterr()
    assert main(["add", str(project), str(picture), "--json"]) == 0
    said = capsys.readouterr()
    notices = [line for line in said.err.splitlines() if "the log in" in line]
    assert len(notices) == 1 and unwritable in notices[0], said.err
    assert json.loads(said.out)["added"] == 1
    assert check(project) == []


def test_in_a_home_without_permission_the_work_is_done_and_one_notice_says_so(
    picture: Path, tmp_path: Path
) -> None:
    home, theirs = tmp_path / "home", tmp_path / "theirs"
    home.mkdir()
    theirs.mkdir()
    give_away(theirs)
    give_away(picture.parent)
    words = (
        ["new", theirs / "project", "--classes", "nucleus"],
        ["add", theirs / "project", picture, "--json"],
    )
    warm = ["new", tmp_path / "warm", "--classes", "nucleus"], ["add", tmp_path / "warm", picture, "--json"]
    with reachable(picture), forbidden(home):
        made, added = as_nobody(words, warm, home, warm_home=tmp_path / "warm_home")
    assert made.code == added.code == 0, (made, added)
    for each in (made, added):
        (notice,) = [line for line in each.err.splitlines() if "the log in" in line]
        assert str(home) in notice and "Permission denied" in notice
    assert json.loads(added.out)["added"] == 1
    assert check(theirs / "project") == []


# ---- names that are left out


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("opened ⟨/data/Doe Jane⟩ again ⟨/data/Doe Jane/⟩", "opened <name 1> again <name 1>"),
        ("⟨C:\\Scans\\Doe.nii.gz⟩: cut off", "<name 1>.nii.gz: cut off"),
        (
            "[Errno 2] No such file or directory: '/data/x/Doe Jane.png'",
            "[Errno 2] No such file or directory: '<name 1>.png'",
        ),
        ('could not open "Doe Jane.tif" today', 'could not open "<name 1>.tif" today'),
        ("cannot read /data/Doe Jane/scan.dcm", "cannot read <name 1>.dcm"),
        ("at \\\\server\\share\\Doe: no", "at <name 1>: no"),
        ("D:/Doe/a.png: no", "<name 1>.png: no"),
        ("file:///data/Doe/a.png", "<name 1>.png"),
        ("doe_jane.svs, doe_jane.svs and other.svs", "<name 1>.svs, <name 1>.svs and <name 2>.svs"),
        ('  File "/opt/x/site-packages/PIL/Image.py", line 3, in open', None),
        ("3/4 of it, km/h, and/or, 5 / 7", "3/4 of it, km/h, and/or, 5 / 7"),
        ("Linux-6.1-x86_64-with-glibc2.36", "Linux-6.1-x86_64-with-glibc2.36"),
        ("wrote image 4711 for Jane Doe", "wrote image 4711 for <name 1>"),
    ],
)
def test_a_report_leaves_names_out(text: str, stripped: str | None) -> None:
    expected = '  File "site-packages/PIL/Image.py", line 3, in open' if stripped is None else stripped
    assert names.stripped(text, ["Jane Doe"]) == expected


def test_code_in_a_traceback_stays_and_its_message_does_not() -> None:
    def failing() -> None:
        raise BadInputError("the file '/data/Doe/b.png' is empty", file="/data/Doe Jane/a.png")

    try:
        failing()
    except BadInputError as error:
        text = "\n".join(f"    {line}" for line in log.trace_of(error).splitlines())  # as in the log
    *code, message = names.stripped(text).splitlines()
    assert message.endswith("BadInputError: <name 1>.png: the file '<name 2>.png' is empty")
    assert "raise BadInputError(\"the file '/data/Doe/b.png' is empty\"" in "".join(code), (
        "a line of the program"
    )
    assert 'File "test_diagnosis_log.py"' in "".join(code)


def test_the_machine_and_its_user_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.node", lambda: "ward7-pc")
    monkeypatch.setattr("getpass.getuser", lambda: "jdoe")
    assert names.stripped("jdoe@ward7-pc") == "<user>@<host>"
