"""The house rules, read from the source itself: who may import whom, who may start threads, how big things may grow."""

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STUDIO = ROOT / "studio"

# Lower rooms know nothing of higher ones; rooms of one row may not know each other either, except where it is said.
ROWS = (
    ("core",),
    ("gate",),
    ("readers",),
    ("formats", "tokenizers", "prompts"),
    ("rows", "vocabularies", "scores", "samples"),
    ("store",),
    ("hub",),
    ("loops",),
    ("layers",),
    ("families",),
    ("objectives",),
    ("exchange", "insight", "exercises"),
    ("engine",),
    ("live",),
    ("widgets",),
    ("controls",),
    ("views", "curves", "maps"),
    ("parts",),
    ("seeing", "adapting"),
    (
        "training",
        "classifying",
        "instructing",
        "talking",
        "chat",
        "library",
        "workshop",
        "attention",
        "steps",
        "embeddings",
        "lenses",
        "probes",
        "tables",
        "tokenizing",
        "teaching",
    ),
    ("lessons",),
    ("panels",),
    ("shell",),
    ("app",),
    ("benches", "commands"),
)
HEIGHT = {room: height for height, row in enumerate(ROWS) for room in row}
TORCH_ROOMS = {"layers", "families", "objectives", "engine", "insight", "exchange", "exercises"}
QT_ROOMS = {
    "live",
    "widgets",
    "controls",
    "views",
    "curves",
    "maps",
    "parts",
    "seeing",
    "adapting",
    "training",
    "classifying",
    "instructing",
    "talking",
    "chat",
    "library",
    "workshop",
    "attention",
    "steps",
    "embeddings",
    "lenses",
    "probes",
    "tables",
    "tokenizing",
    "teaching",
    "lessons",
    "panels",
    "shell",
    "app",
}
BY_NAME_ONLY = TORCH_ROOMS - {"families", "objectives"}  # what no room above the Qt line imports

THREAD_FILES = {  # plain Python threads, each joined by its owner
    "loops/team.py",  # the parts of a compiled program; they end with their team
    "engine/looping.py",  # the compiler, while a text is being written
    "engine/material.py",  # tokenizing while the run tells its progress
    "engine/prefetch.py",
    "store/encoding.py",  # tokenizing on every core
    "live/control_pipe.py",  # the child's end of the pipe
    "hub/serving.py",  # the endpoint: who accepts, and one for each connection; `Server.close` joins them
}
QTHREAD_FILES = {"live/run_worker.py", "live/jobs.py"}
SANDBOXED = "gate/pickle_child.py"  # runs only in a limited child; the one place where PyTorch reads a foreign pickle
BANNED_NAMES = {"utils", "helpers", "misc", "common", "base", "manager", "handler", "constants", "types"}
BANNED_MODULES = {"pickle", "cloudpickle", "dill", "marshal", "shelve"}
PRINTING_ROOMS = {"commands", "benches"}
CALLED_FROM_OUTSIDE = {"count", "data", "event", "flags", "forward", "index", "paint", "parent", "sort"}  # by Qt, torch
LIMITS = {"file": 400, "function": 60, "class": 250, "arguments": 6}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


def sources() -> list[Path]:
    return sorted(STUDIO.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(STUDIO).as_posix()


def room_of(path: Path) -> str:
    parts = path.relative_to(STUDIO).parts
    return parts[0].removesuffix(".py") if len(parts) == 1 else parts[0]


@cache
def imports_of(path: Path, deep: bool = True) -> tuple[tuple[str, int], ...]:
    return tuple(imports(tree_of(path), deep))


def imports(tree: ast.AST, deep: bool = True) -> Iterator[tuple[str, int]]:
    """Dotted names a module imports, `if TYPE_CHECKING` left out; `deep` also those inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import at line {node.lineno}"
            yield from ((f"{node.module}.{name.name}", node.lineno) for name in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        elif deep or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports(node, deep)


def rooms_imported(path: Path) -> Iterator[tuple[str, int]]:
    for name, line in imports_of(path):
        parts = name.split(".")
        if parts[0] == "studio" and len(parts) > 1 and parts[1] in HEIGHT:
            yield parts[1], line


def none(found: list[str]) -> None:
    assert not found, "\n" + "\n".join(found)


# --- rooms ----------------------------------------------------------------------------------------------------------


def test_every_room_has_a_place_in_the_order() -> None:
    folders = {path.name for path in STUDIO.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= set(HEIGHT)


def test_imports_only_go_downwards() -> None:
    found = []
    for path in sources():
        room = room_of(path)
        if room not in HEIGHT:
            continue  # studio/__init__.py
        for other, line in rooms_imported(path):
            if other != room and HEIGHT[other] >= HEIGHT[room]:
                found.append(f"{place(path)}:{line}: {room} imports {other}")
    none(found)


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        ("PySide6", QT_ROOMS),
        ("shiboken6", QT_ROOMS),
        ("pyqtgraph", {"widgets"}),
        ("torch", TORCH_ROOMS),
        ("transformers", set()),
    ],
)
def test_a_library_stays_in_its_rooms(library: str, allowed: set[str]) -> None:
    found = []
    for path in sources():
        if room_of(path) in allowed | {"benches", "commands"} or (library == "torch" and place(path) == SANDBOXED):
            continue
        found += [
            f"{place(path)}:{line}: imports {name}" for name, line in imports_of(path) if name.split(".")[0] == library
        ]
    none(found)


def test_live_knows_no_qt_but_qtcore() -> None:
    none(
        [
            f"{place(path)}:{line}: {name}"
            for path in (STUDIO / "live").glob("*.py")
            for name, line in imports_of(path)
            if name.startswith("PySide6.") and not name.startswith("PySide6.QtCore")
        ]
    )


@pytest.mark.parametrize(
    "room", ["formats", "readers", "tokenizers", "prompts", "store", "hub", "gate", "core", "families", "objectives"]
)
def test_heavy_readers_are_imported_inside_functions(room: str) -> None:
    heavy = {"torch", "duckdb", "tokenizers", "tiktoken", "charset_normalizer", "safetensors", "psutil", "gguf"}
    none(
        [
            f"{place(path)}:{line}: {name}"
            for path in (STUDIO / room).glob("*.py")
            for name, line in imports_of(path, deep=False)
            if name.split(".")[0] in heavy
        ]
    )


def test_core_needs_only_the_standard_library_and_numpy() -> None:
    allowed = set(sys.stdlib_module_names) | {"numpy", "studio"}
    none(
        [
            f"{place(path)}:{line}: {name}"
            for path in (STUDIO / "core").glob("*.py")
            for name, line in imports_of(path)
            if name.split(".")[0] not in allowed
        ]
    )


def test_commands_and_benches_import_nothing_heavy() -> None:
    allowed = set(sys.stdlib_module_names)
    found = []
    for room in ("commands", "benches"):
        for path in (STUDIO / room).glob("*.py"):
            for name, line in imports_of(path, deep=False):
                light = name.split(".")[0] in allowed or name.startswith(("studio.core.", f"studio.{room}"))
                if not light or name.startswith(("studio.core.config", "studio.core.sampling", "studio.core.history")):
                    found.append(f"{place(path)}:{line}: {name}")
    none(found)


def test_the_torch_rooms_are_reached_by_name_above_the_qt_line() -> None:
    none(
        [
            f"{place(path)}:{line}: imports {other}"
            for path in sources()
            if room_of(path) in QT_ROOMS
            for other, line in rooms_imported(path)
            if other in BY_NAME_ONLY
        ]
    )


def test_everything_that_is_reached_by_name_exists() -> None:
    found = []
    for path in sources():
        for node in nodes_of(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_target(node.value):
                module, _, attribute = node.value.partition(":")
                spec = importlib.util.find_spec(module)
                names = {
                    item.name for item in tree_of(Path(spec.origin)).body if hasattr(item, "name")
                } if spec and spec.origin else set()  # fmt: skip
                if attribute not in names:
                    found.append(f"{place(path)}:{node.lineno}: {node.value}")
    none(found)


def is_target(text: str) -> bool:
    return text.startswith("studio.") and text.count(":") == 1 and text.replace(".", "").replace(":", "").isidentifier()


@pytest.mark.gui
def test_the_window_is_there_before_torch_and_pyqtgraph() -> None:
    code = "import sys, studio.app; print(sorted({'torch', 'pyqtgraph', 'transformers'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


# --- threads --------------------------------------------------------------------------------------------------------


def test_threads_are_made_only_in_files_that_are_named_here() -> None:
    found = []
    for path in sources():
        for node in nodes_of(path):
            name = called(node)
            if name in ("Thread", "threading.Thread", "ThreadPoolExecutor") and place(path) not in THREAD_FILES:
                found.append(f"{place(path)}:{node.lineno}: {name}")  # type: ignore[attr-defined]
            if name in ("QThread", "QThreadPool", "QtCore.QThread") and place(path) not in QTHREAD_FILES:
                found.append(f"{place(path)}:{node.lineno}: {name}")  # type: ignore[attr-defined]
    none(found)


def called(node: ast.AST) -> str:
    """The dotted name that a call calls, or a class that is derived from."""
    if isinstance(node, ast.ClassDef):
        return next((ast.unparse(parent) for parent in node.bases if "Thread" in ast.unparse(parent)), "")
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


# --- the network ----------------------------------------------------------------------------------------------------


def test_only_the_hub_speaks_to_the_network() -> None:
    network = {"socket", "ssl", "http", "urllib", "ftplib", "smtplib", "asyncio", "requests", "httpx"}
    inner = {"shell/interrupt.py"}  # a pair of sockets within the process, to hear of signals
    none(
        [
            f"{place(path)}:{line}: {name}"
            for path in sources()
            if room_of(path) != "hub" and place(path) not in inner
            for name, line in imports_of(path)
            if name.split(".")[0] in network or name.startswith("PySide6.QtNetwork")
        ]
    )


# --- what nobody does -----------------------------------------------------------------------------------------------


def test_nothing_is_pickled_evaluated_or_forced() -> None:
    found = []
    for path in sources():
        for name, line in imports_of(path):
            if name.split(".")[0] in BANNED_MODULES:
                found.append(f"{place(path)}:{line}: imports {name}")
        for node in nodes_of(path):
            if not isinstance(node, ast.Call):
                continue
            name = called(node)
            shell = any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in node.keywords)
            # `model.eval()` of torch has no argument; the built-in has one
            evaluates = name in ("eval", "exec", "compile", "__import__")
            loads = name == "torch.load" and (place(path) != SANDBOXED or "weights_only=True" not in ast.unparse(node))
            if evaluates or shell or loads or name.split(".")[-1] in ("setHtml", "terminate"):
                found.append(f"{place(path)}:{node.lineno}: {name}")
    none(found)


def test_only_commands_and_benches_print() -> None:
    none(
        [
            f"{place(path)}:{node.lineno}"
            for path in sources()
            if room_of(path) not in PRINTING_ROOMS
            for node in nodes_of(path)
            if called(node) == "print"
        ]
    )


def test_a_file_is_named_after_what_it_holds() -> None:
    none([place(path) for path in sources() if path.stem in BANNED_NAMES])


def test_nothing_is_left_to_do_in_the_code() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "XXX", "NotImplemented")
    none(
        [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
            for path in [*sources(), ROOT / "main.py"]
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
            if any(mark in line for mark in marks)
        ]
    )


# --- sizes ----------------------------------------------------------------------------------------------------------


def length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_files_functions_classes_and_argument_lists_stay_small() -> None:
    found = []
    for path in [*sources(), ROOT / "main.py"]:
        lines = len(path.read_text("utf-8").splitlines())
        if lines > LIMITS["file"]:
            found.append(f"{path.relative_to(ROOT)}: {lines} lines")
        found += [f"{path.relative_to(ROOT)}:{words}" for node in nodes_of(path) for words in too_big(node)]
    none(found)


def too_big(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef) and length(node) > LIMITS["class"]:
        yield f"{node.lineno} class {node.name}: {length(node)} lines"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        if length(node) > LIMITS["function"]:
            yield f"{node.lineno} {node.name}: {length(node)} lines"
        if (count := arguments(node)) > LIMITS["arguments"]:
            yield f"{node.lineno} {node.name}: {count} arguments"


def arguments(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many a caller can give; `self` and `cls` are not given."""
    names = [item.arg for item in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
    return len([name for name in names if name not in ("self", "cls")])


def test_the_middle_file_is_short() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in sources())
    assert lengths[len(lengths) // 2] <= 140


def test_everything_public_says_what_it_is() -> None:
    found = []
    for path in sources():
        tree = tree_of(path)
        if not ast.get_docstring(tree) and path.stem != "__init__":
            found.append(f"{place(path)}: the file")
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                found += undocumented(node, place(path))
    none(found)


def undocumented(node: ast.ClassDef | ast.FunctionDef, where: str) -> Iterator[str]:
    if not ast.get_docstring(node):
        yield f"{where}:{node.lineno}: {node.name}"
    for item in node.body if isinstance(node, ast.ClassDef) else ():
        if not isinstance(item, ast.FunctionDef) or item.name.startswith("_") or not item.name.islower():
            continue
        again = any(word in ast.unparse(mark) for mark in item.decorator_list for word in ("overload", "setter"))
        if not again and item.name not in CALLED_FROM_OUTSIDE and not ast.get_docstring(item):
            yield f"{where}:{item.lineno}: {node.name}.{item.name}"
