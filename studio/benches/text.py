"""Text and tokens: encoding beside what tiktoken alone reaches, learning a vocabulary, large tables, near-duplicates.

Each figure comes from a process of its own, where the work runs as a job of the window does; how late a timer of the
event loop beats meanwhile is told beside it. Sizes can be made smaller to try it out.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.benches import Bench, Child, as_job, busy, part_options

if TYPE_CHECKING:
    from studio.formats import Table
    from studio.store.corpus import Text

PARTS = ("shards", "train", "tables", "duplicates")
TABLES = ("csv", "jsonl", "parquet")
SHARE = 0.9  # of the sum that tiktoken alone reaches on these cores, at least
MEMORY = 300.0  # megabytes that encoding may need, at most
SLOWER = 1.2  # times the time of `tokenizers` called bare, at most
FIRST, JUMP = 2.0, 0.3  # seconds to the first rows of a table, and to a row far behind
SCAN = 60.0  # seconds for all near-duplicates
HELD = 100.0  # milliseconds that the event loop may be held up
PIECE = 1 << 18  # characters that tiktoken alone is given at a time, as many as the shards are made of
HEAD, PLACE = 100, 0.9  # rows shown at once; where to jump to, as a share of all
SIZES = ("megabytes", "vocabulary", "train_megabytes", "table_megabytes", "table_rows", "rows")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Which parts, and how large."""
    part_options(parser, PARTS)
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds of a comparison (default: 3)")
    parser.add_argument("--megabytes", type=int, default=100, help="of text to encode (default: 100)")
    parser.add_argument("--vocabulary", type=int, default=8_192, help="tokens to learn (default: 8,192)")
    parser.add_argument("--train-megabytes", type=int, default=5, help="of text to learn them from (default: 5)")
    parser.add_argument("--table-megabytes", type=int, default=1_000, help="of each table (default: 1,000)")
    parser.add_argument("--table-rows", type=int, default=1_000_000, help="in each table (default: 1,000,000)")
    parser.add_argument("--rows", type=int, default=100_000, help="to scan for near-duplicates (default: 100,000)")
    parser.add_argument("--file", default="", help=argparse.SUPPRESS)  # the text or the table it is given
    parser.add_argument("--share", nargs=2, type=int, default=(0, 1), help=argparse.SUPPRESS)  # which part, of how many
    parser.add_argument("--start", type=float, default=0.0, help=argparse.SUPPRESS)  # when to begin, by the clock


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Rows of the chosen parts, one after the other."""
    if options.one:
        print(json.dumps(MEASURES[options.one](options)), flush=True)
        return []
    rows = {"shards": shard_rows, "train": train_rows, "tables": table_rows, "duplicates": duplicate_rows}
    return [row for part in options.parts for row in rows[part](options)]


# --- what all of them need ------------------------------------------------------------------------------------------


def child(one: str, options: argparse.Namespace, *more: str) -> Child:
    """A fresh process that measures one thing at these sizes."""
    sizes = [f"--{name.replace('_', '-')}={getattr(options, name)}" for name in SIZES]
    return Child("text", one, *sizes, *more)


def sample_text(megabytes: float) -> Iterator[str]:
    """The bundled stories, again and again, until they are so many bytes."""
    from studio.live.first_run import sample_path
    from studio.store.places import places

    story = sample_path(places().resources).read_text("utf-8")
    left = int(1e6 * megabytes)
    while left > 0:
        piece = story[:left]
        yield piece
        left -= len(piece.encode("utf-8"))


def _written(folder: str, megabytes: float) -> Path:
    path = Path(folder) / "stories.txt"
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.writelines(sample_text(megabytes))
    return path


def _middle(answers: list[dict[str, Any]], name: str) -> float:
    return statistics.median(float(answer[name]) for answer in answers)


# --- (a) encoding ---------------------------------------------------------------------------------------------------


def shard_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """The shards of a text, and in turn with it tiktoken alone: one process for each core, all at the same time."""
    from studio.store.encoding import cores

    with tempfile.TemporaryDirectory(prefix="atelier-text-") as folder:
        path = _written(folder, options.megabytes)
        ours, rates, cpu_rates = [], [], []
        for _ in range(options.rounds):
            start = time.time() + 5
            alone = [
                child("alone", options, "--file", str(path), "--start", str(start), "--share", str(place), str(cores()))
                for place in range(cores())
            ]
            answers = [single.answer() for single in alone]
            rates.append(sum(answer["rate"] for answer in answers))
            cpu_rates.append(statistics.mean(answer["cpu_rate"] for answer in answers))
            ours.append(child("shards", options, "--file", str(path)).answer())
    shares = [answer["bytes"] / answer["seconds"] / rate for answer, rate in zip(ours, rates, strict=True)]
    cpu_shares = [answer["bytes"] / answer["cpu"] / rate for answer, rate in zip(ours, cpu_rates, strict=True)]
    late, megabytes = _middle(ours, "late_ms"), max(answer["megabytes"] for answer in ours)
    return [
        {
            "part": "shards",
            "size": f"{options.megabytes} MB",
            "seconds": _middle(ours, "seconds"),
            "cpu_s": _middle(ours, "cpu"),
            "mb_per_s": statistics.median(answer["bytes"] / answer["seconds"] / 1e6 for answer in ours),
            "beside": f"tiktoken alone on {cores()} cores {statistics.median(rates) / 1e6:.2f} MB/s",
            "ratio": statistics.median(shares),
            "cpu_ratio": statistics.median(cpu_shares),
            "memory_mb": megabytes,
            "late_ms": late,
            "reached": statistics.median(shares) >= SHARE and megabytes <= MEMORY and late <= HELD,
            "load": busy(),
        }
    ]


def one_shards(options: argparse.Namespace) -> dict[str, Any]:
    """Shards of the file as a run makes them; the time counts from a text that is in the project."""
    from studio.store.places import places
    from studio.store.project import Project

    project = Project.create(places().projects / "bench")
    text: Text = project.add_text([Path(options.file)])
    warm = project.add_text([_written(places().home.as_posix(), 0.05)], "warm")
    as_job("studio.store.shards:make_shards", warm, "gpt2", 0.0, project.tokens_folder)
    job = as_job("studio.store.shards:make_shards", text, "gpt2", 0.1, project.tokens_folder)
    tokens = job.result.training_tokens + job.result.validation_tokens
    return {**job.figures, "bytes": text.bytes, "tokens": tokens, "cpu": job.cpu + children_cpu()}


def children_cpu() -> float:
    """Seconds of processor time of all processes that this one has started and that have ended."""
    import psutil

    spent = psutil.Process().cpu_times()
    return float(spent.children_user + spent.children_system)


def one_alone(options: argparse.Namespace) -> dict[str, Any]:
    """Bytes that tiktoken encodes in a second, and in a second of CPU time, with nothing else around it."""
    from studio.tokenizers.gpt2 import Gpt2Tokenizer

    text = Path(options.file).read_text("utf-8")
    place, shares = options.share
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)][place::shares]
    size = sum(len(piece.encode("utf-8")) for piece in pieces)
    encode = Gpt2Tokenizer().encoding.encode_ordinary
    encode(text[:PIECE])
    time.sleep(max(0.0, options.start - time.time()))
    began, cpu = time.perf_counter(), time.process_time()
    for piece in pieces:
        encode(piece)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"rate": size / seconds, "cpu_rate": size / cpu}


# --- (b) learning a vocabulary --------------------------------------------------------------------------------------


def train_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Byte pairs learned by us, and in turn with it by `tokenizers` called bare."""
    with tempfile.TemporaryDirectory(prefix="atelier-text-") as folder:
        path = _written(folder, options.train_megabytes)
        pairs = [
            (
                child("bare", options, "--file", str(path)).answer(),
                child("train", options, "--file", str(path)).answer(),
            )
            for _ in range(options.rounds)
        ]
    bare, ours = (list(answers) for answers in zip(*pairs, strict=True))
    ratio = statistics.median(our["seconds"] / other["seconds"] for other, our in pairs)
    late = _middle(ours, "late_ms")
    return [
        {
            "part": "train",
            "size": f"{options.train_megabytes} MB",
            "seconds": _middle(ours, "seconds"),
            "cpu_s": _middle(ours, "cpu"),
            "beside": f"tokenizers bare {_middle(bare, 'seconds'):.2f} s",
            "ratio": ratio,
            "cpu_ratio": statistics.median(our["cpu"] / other["cpu"] for other, our in pairs),
            "memory_mb": max(answer["megabytes"] for answer in ours),
            "late_ms": late,
            "reached": ratio <= SLOWER and late <= HELD and ours[0]["tokens"] == bare[0]["tokens"],
            "load": busy(),
        }
    ]


def one_train(options: argparse.Namespace) -> dict[str, Any]:
    """Learn as the Tokenizer page does, from a text that is streamed; the CPU time is also that of the child."""
    from studio.store.places import places
    from studio.store.project import Project
    from studio.vocabularies.training import Recipe

    text = Project.create(places().projects / "bench").add_text([Path(options.file)])
    recipe = Recipe(kind="bpe", vocabulary=options.vocabulary)
    job = as_job("studio.vocabularies.training:train_tokenizer", recipe, text.chunks(), text.characters)
    return {**job.figures, "cpu": job.cpu + children_cpu(), "tokens": job.result.vocab_size}


def one_bare(options: argparse.Namespace) -> dict[str, Any]:
    """The same vocabulary by the library's own reading of a file."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    engine = Tokenizer(models.BPE())
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=options.vocabulary, initial_alphabet=alphabet, special_tokens=["<|endoftext|>"], show_progress=False
    )
    began, cpu = time.perf_counter(), time.process_time()
    engine.train([options.file], trainer)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"seconds": seconds, "cpu": cpu, "tokens": engine.get_vocab_size()}


# --- (c) large tables -----------------------------------------------------------------------------------------------


def table_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """First rows and a far row of a large file of each kind; the file is fresh, so it lies in the disk's cache."""
    rows = []
    for kind in TABLES:
        with tempfile.TemporaryDirectory(prefix="atelier-text-") as folder:
            path = Path(folder) / f"table.{kind}"
            write_table(path, options.table_rows, options.table_megabytes)
            found = child("table", options, "--file", str(path)).answer()
        rows.append(
            {
                "part": f"table {kind}",
                "size": f"{found['bytes'] / 1e6:,.0f} MB",
                "first_s": found["first_s"],
                "index_s": found["index_s"],
                "jump_s": found["jump_s"],
                "rows": found["rows"],
                "memory_mb": found["megabytes"],
                "late_ms": found["late_ms"],
                "reached": found["right"]
                and found["rows"] == options.table_rows
                and found["first_s"] <= FIRST
                and found["jump_s"] <= JUMP
                and found["late_ms"] <= HELD,
                "load": busy(),
            }
        )
    return rows


def write_table(path: Path, rows: int, megabytes: float) -> None:
    """`rows` numbered rows with a label and a text, together about so many bytes; the suffix says the format."""
    import duckdb

    long = max(1, int(1e6 * megabytes / rows) - (40 if path.suffix == ".jsonl" else 14))
    text = "".join(sample_text((long + 20_000) / 1e6)).replace("\n", " ").replace('"', "'")
    form = {".csv": "csv, header", ".jsonl": "json", ".parquet": "parquet, compression 'uncompressed'"}[path.suffix]
    # A text of its own for each row: a stretch of the stories that begins elsewhere.
    query = f"select range as id, ['ham', 'spam'][1 + range % 2] as label, substr(?, 1 + (range * 37) % 20000, {long})"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query} as text from range({rows})) to '{path.as_posix()}' (format {form})", [text])


def one_table(options: argparse.Namespace) -> dict[str, Any]:
    """Open a table, show its first rows, find all of them, and go to one far behind."""
    path, place = Path(options.file), int(PLACE * options.table_rows)
    opening = as_job(first_rows, path)
    table, head = opening.result
    finding = as_job(find_all, table)
    jump = as_job(far_rows, table, place)
    jobs = (opening, finding, jump)
    return {
        "bytes": path.stat().st_size,
        "rows": finding.result,
        "first_s": opening.seconds,
        "index_s": finding.seconds,
        "jump_s": jump.seconds,
        "right": [_number(row) for row in (*head, *jump.result)] == [*range(HEAD), *range(place, place + HEAD)],
        "late_ms": max(job.late_ms for job in jobs),
        "megabytes": max(job.megabytes for job in jobs),
    }


def first_rows(path: Path) -> tuple["Table", list[Any]]:
    """The table and what a person sees of it first."""
    from studio.formats import open_table

    table = open_table(path)
    return table, table.head(HEAD)


def find_all(
    table: "Table", progress: Callable[[int, int], None] | None = None, keep_going: Callable[[], bool] | None = None
) -> int:
    """How many rows there are."""
    return table.build_index(progress=progress, keep_going=keep_going)


def far_rows(table: "Table", place: int) -> list[Any]:
    """The rows that stand there."""
    return table.page(place, HEAD)


def _number(row: Any) -> int:
    return int(row.values["id"])


# --- (d) near-duplicates --------------------------------------------------------------------------------------------


def duplicate_rows(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every row that nearly repeats another one."""
    found = child("duplicates", options).answer()
    return [
        {
            "part": "duplicates",
            "size": f"{options.rows:,} rows",
            "seconds": found["seconds"],
            "cpu_s": found["cpu"],
            "rows": found["groups"],
            "memory_mb": found["megabytes"],
            "late_ms": found["late_ms"],
            "reached": found["seconds"] <= SCAN and found["late_ms"] <= HELD and found["missed"] == 0,
            "load": busy(),
        }
    ]


def short_rows(count: int) -> tuple[list[str], list[tuple[int, int]]]:
    """Short texts of random words, and which pairs of them differ in one word of forty only."""
    import numpy as np

    generator = np.random.default_rng(11)
    words = sorted(set("".join(sample_text(0.3)).split()))
    texts = [" ".join(words[place] for place in row) for row in generator.integers(len(words), size=(count, 40))]
    pairs = [(place, place + 1) for place in range(0, count - 1, 50)]
    for one, other in pairs:
        copied = texts[one].split()
        copied[-1] = "otherwise"
        texts[other] = " ".join(copied)
    return texts, pairs


def one_duplicates(options: argparse.Namespace) -> dict[str, Any]:
    """Scan rows whose near-duplicates are known."""
    texts, pairs = short_rows(options.rows)
    job = as_job("studio.rows.duplicates:near_groups", texts)
    groups = {tuple(group) for group in job.result}
    return {**job.figures, "groups": len(groups), "missed": sum(pair not in groups for pair in pairs)}


MEASURES: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "shards": one_shards,
    "alone": one_alone,
    "train": one_train,
    "bare": one_bare,
    "table": one_table,
    "duplicates": one_duplicates,
}

HELP = "encoding, vocabularies, large tables and near-duplicates, and the event loop beside them"
BENCH = Bench("text", HELP, run, add_options)
