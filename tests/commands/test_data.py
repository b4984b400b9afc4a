"""`main.py data`: what is in a file, and cleaner copies of it; results on standard output, all else beside it."""

import csv
import json
from pathlib import Path

import pytest

from studio.commands import DONE, REFUSED, WRONG_USAGE, main
from studio.store.project import Project

ROWS = [
    ("ham", "Hello you there"),
    ("spam", "Win a prize, write to anna@example.org"),
    ("ham", "Hello you there"),
    ("ham", "See you at the station"),
    ("spam", " Win  a prize "),
    ("ham", "ok"),
]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "sms.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("label", "message"), *ROWS])
    return path


@pytest.fixture
def project(tmp_path: Path, table: Path) -> Project:
    project = Project.create(tmp_path / "project")
    project.add_dataset(table)
    return project


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["data", *arguments]) == DONE
    return capsys.readouterr().out


def test_a_table_is_described_for_people(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "inspect", str(table))
    for line in (
        "format      csv_table",
        "encoding    utf-8",
        "delimiter   ,",
        "header      yes",
        "kind        labelled",
        "columns     label (label), message (text)",
        "rows        6",
        "class       ham: 4",
        "class       spam: 2",
        "found       Exact duplicates: 1",
        "found       E-mail addresses: 1",
        "why         Text and label: There are columns named “message” and “label”.",
    ):
        assert line in out.splitlines()


def test_a_table_is_described_for_programs(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(printed(capsys, "inspect", "--json", str(table)))
    assert report["kind"] == "labelled"
    assert report["roles"] == {"text": "message", "label": "label"}
    assert (report["rows"], report["classes"], report["left out"]) == (6, {"ham": 4, "spam": 2}, {})
    assert report["characters"] == sum(len(text) for _, text in ROWS)


def test_what_was_left_out_is_told_by_line_and_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "fine"}\n{"text": NaN}\n{"text": "good"}\n{"text": "cut', "utf-8")
    report = json.loads(printed(capsys, "inspect", "--json", str(path)))
    assert report["rows"] == 2
    assert sum(report["left out"].values()) == 2
    assert [line for line, _ in report["first left out"]] == [2, 4]
    assert "left out" in printed(capsys, "inspect", str(path))


def test_choices_change_what_is_found(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(printed(capsys, "inspect", "--json", "--header", "no", str(table)))
    assert (report["rows"], report["header"]) == (7, "no")
    report = json.loads(printed(capsys, "inspect", "--json", "--delimiter", "\\t", str(table)))
    assert len(report["columns"]) == 1


def test_a_text_is_described_by_its_paragraphs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_text("One.\n\nTwo.\n\nTwo.", "utf-8")
    report = json.loads(printed(capsys, "inspect", "--json", str(path)))
    assert (report["format"], report["rows"], report["kind"]) == ("plain_text", 3, "text")
    assert report["findings"]["Exact duplicates"] == 1


def test_a_text_is_read_as_was_chosen_and_what_was_replaced_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, torn = tmp_path / "old.txt", tmp_path / "torn.txt"
    old.write_bytes("Größe, Straße, Übermut und Ärger. ".encode("cp1252") * 40)
    torn.write_bytes("Grüße und schöne Träume ".encode() * 40 + b"\xff")
    report = json.loads(printed(capsys, "inspect", "--json", "--encoding", "cp1250", str(old)))
    assert (report["encoding"], report["why"][0]) == ("cp1250", "cp1250, as you chose.")
    assert main(["data", "inspect", str(torn)]) == REFUSED
    assert "is damaged" in capsys.readouterr().err
    report = json.loads(printed(capsys, "inspect", "--json", "--replace", str(torn)))
    assert "1 place that cannot be read" in report["why"][0]
    out = tmp_path / "clean.txt"
    assert main(["data", "clean", "--replace", "--normalise", str(torn), "--out", str(out)]) == DONE
    assert out.read_text("utf-8").rstrip().endswith("Träume \ufffd")
    torn.write_bytes(b"\xef\xbb\xbfAll is well.")
    marked = tmp_path / "marked.txt"
    assert main(["data", "clean", "--encoding", "utf-8", "--drop-duplicates", str(torn), "--out", str(marked)]) == DONE
    assert marked.read_text("utf-8").startswith("All is well.")


def test_files_of_a_folder_that_are_no_texts_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "good.txt").write_text("All is well.", "utf-8")
    (tmp_path / "letter.txt").write_bytes(b"%PDF-1.7")
    said = printed(capsys, "inspect", str(tmp_path))
    assert "“letter.txt” is a PDF document, not plain text." in said


def test_steps_work_in_the_order_of_the_options(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "clean.jsonl"
    steps = ("--drop-duplicates", "--redact", "--filter", 'label == "spam" or length(text) > 5', "--normalise")
    assert main(["data", "clean", str(table), *steps, "--out", str(out)]) == DONE
    said = capsys.readouterr()
    assert said.out == f"{out}: 4 rows\n"
    assert said.err.startswith(
        "Drop exact duplicates (1 dropped), redact e-mails, phone numbers, card numbers and keys (1"
    )
    assert [json.loads(line) for line in out.read_text("utf-8").splitlines()] == [
        {"label": "ham", "message": "Hello you there"},
        {"label": "spam", "message": "Win a prize, write to [e-mail]"},
        {"label": "ham", "message": "See you at the station"},
        {"label": "spam", "message": "Win a prize"},
    ]


def test_every_option_is_a_step(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "clean.csv"
    steps = ("--drop-near-duplicates", "0.9", "--shortest", "3", "--longest", "30", "--sample", "2", "--seed", "5")
    assert main(["data", "clean", str(table), *steps, "--out", str(out)]) == DONE
    assert "keep at most 30 characters (1 dropped), keep 2 rows at random" in capsys.readouterr().err
    with open(out, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert {tuple(row.values()) for row in rows} <= set(ROWS)


def test_steps_come_from_a_file_before_those_of_options(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "steps.json").write_text('[{"step": "normalise"}, {"step": "drop_by_length", "minimum": 5}]')
    out = tmp_path / "clean.txt"
    command = ["data", "clean", str(table), "--drop-duplicates", "--steps", str(tmp_path / "steps.json")]
    assert main([*command, "--out", str(out)]) == DONE
    assert out.read_text("utf-8").split("\n\n")[-1] == "Win a prize\n"
    assert capsys.readouterr().err.startswith("Normalise")


def test_a_dataset_of_a_project_gets_its_next_version(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    place = ("--project", str(project.path))
    assert main(["data", "clean", "sms", "--drop-duplicates", *place]) == DONE
    said = capsys.readouterr()
    assert (said.out, said.err) == ("sms@2\n", "Drop exact duplicates (1 dropped).\n")
    assert project.dataset("sms").rows == 5
    report = json.loads(printed(capsys, "inspect", "--json", "sms", *place))
    assert (report["version"], report["rows"], report["changed"]) == (2, 5, "Drop exact duplicates (1 dropped).")
    assert json.loads(printed(capsys, "inspect", "--json", "sms@1", *place))["rows"] == 6


def test_a_text_of_a_project_becomes_a_new_text(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "story.txt").write_text("One.\n\nTwo.\n\nOne.", "utf-8")
    project.add_text([tmp_path / "story.txt"])
    (tmp_path / "story.txt").unlink()
    place = ("--project", str(project.path))
    assert json.loads(printed(capsys, "inspect", "--json", "story", *place))["rows"] == 3
    assert printed(capsys, "clean", "story", "--drop-duplicates", *place) == "story cleaned\n"
    assert project.text("story cleaned").path.read_text("utf-8") == "One.\n\nTwo."


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("clean", "TABLE", "--out", "OUT.csv"), WRONG_USAGE, "No step was chosen"),
        (("clean", "TABLE", "--redact"), WRONG_USAGE, "Give --out FILE"),
        (("clean", "TABLE", "--redact", "--out", "OUT.xlsx"), REFUSED, "cannot be written"),
        (("clean", "TABLE", "--filter", "lable == 3", "--out", "OUT.csv"), REFUSED, "Did you mean “label”?"),
        (("clean", "TABLE", "--steps", "TABLE", "--out", "OUT.csv"), REFUSED, "is damaged"),
        (("clean", "TABLE", "--drop-near-duplicates", "7", "--out", "OUT.csv"), REFUSED, "must be at most 1"),
        (("inspect", "TABLE", "--replace"), WRONG_USAGE, "“sms.csv” is a table: rows of it that cannot be read"),
        (("clean", "TABLE", "--replace", "--redact", "--out", "OUT.csv"), WRONG_USAGE, "--replace is for texts"),
        (("inspect", "sms", "--replace", "--project", "PROJECT"), WRONG_USAGE, "was read when it came"),
        (("inspect", "sms@1", "--encoding", "cp1252", "--project", "PROJECT"), WRONG_USAGE, "are for files"),
        (("inspect", "nowhere.csv"), REFUSED, "no file or folder"),
        (("inspect", "nowhere", "--project", "PROJECT"), REFUSED, "There is no dataset “nowhere”"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    project: Project, table: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, words: str
) -> None:
    places = {"TABLE": str(table), "PROJECT": str(project.path)}
    given = [places.get(word, word.replace("OUT", str(table.parent / "out"))) for word in arguments]
    assert main(["data", *given]) == code
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert not list(table.parent.glob("out*"))


def test_without_a_word_after_data_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["data"])
    assert left.value.code == WRONG_USAGE
    assert "inspect|clean" in capsys.readouterr().err


@pytest.mark.slow
def test_the_files_of_the_course_are_described_rightly(data_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(printed(capsys, "inspect", "--json", str(data_folder / "instruction-data.json")))
    assert (report["kind"], report["rows"], report["missing roles"]) == ("alpaca", 1_100, [])
