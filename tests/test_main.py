"""The launcher: what a stranger meets first. No test here installs or downloads anything."""

import ast
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """main.py as a module that believes it lies in a folder of its own."""
    spec = importlib.util.spec_from_file_location("launcher", ROOT / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    home = tmp_path / "atelier"
    home.mkdir()
    for name in ("pyproject.toml", "constraints.txt"):
        (home / name).write_bytes((ROOT / name).read_bytes())
    venv = home / ".venv"
    for name, value in {
        "ROOT": home, "VENV": venv, "PYTHON": venv / "bin" / "python", "LOG": venv / "setup.log",
        "CONSTRAINTS": home / "constraints.txt",
    }.items():  # fmt: skip
        monkeypatch.setattr(module, name, value)
    monkeypatch.delenv("STUDIO_TORCH", raising=False)
    return module


def make_venv(launcher: Any, *stamps: str) -> None:
    """An environment that looks complete."""
    launcher.PYTHON.parent.mkdir(parents=True)
    launcher.PYTHON.symlink_to(sys.executable)
    (launcher.VENV / "pyvenv.cfg").write_text("version = 3.11.7\n")
    for part in stamps:
        launcher.stamp(part).write_text(launcher.key())


def pip(launcher: Any, monkeypatch: pytest.MonkeyPatch, answer: Callable[[list[str]], bool]) -> list[list[str]]:
    """Put a fake in pip's place; returns the list of its calls."""
    calls: list[list[str]] = []

    def fake(*arguments: str) -> bool:
        calls.append(list(arguments))
        return answer(list(arguments))

    monkeypatch.setattr(launcher, "pip_install", fake)
    return calls


def report_of(requirements: list[str]) -> Callable[[list[str]], bool]:
    """A pip whose dry run would install a torch with these requirements."""

    def answer(arguments: list[str]) -> bool:
        if "--report" in arguments:
            path = Path(arguments[arguments.index("--report") + 1])
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps({"install": [{"metadata": {"requires_dist": requirements}}]}))
        return True

    return answer


# --- old Pythons ----------------------------------------------------------------------------------------------------


def test_an_old_python_can_read_the_file() -> None:
    text = (ROOT / "main.py").read_text("ascii")
    ast.parse(text, feature_version=(3, 4))
    assert not re.search(r"\bf['\"]", text), "an f-string is a riddle to Python 2"
    assert "nonlocal" not in text
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, ast.AnnAssign | ast.NamedExpr | ast.Match)
        if isinstance(node, ast.Raise):
            assert node.cause is None, "`raise … from …` is a riddle to Python 2"
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None
            assert not node.args.kwonlyargs
        if isinstance(node, ast.List | ast.Tuple):
            assert not any(isinstance(item, ast.Starred) for item in node.elts)


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 15)])
def test_a_python_that_does_not_fit_is_told_so_in_a_sentence(version: tuple[int, int]) -> None:
    code = (
        f"import sys, runpy; sys.version_info = (*{version!r}, 0, 'final', 0); sys.argv = ['main.py'];"
        "runpy.run_path('main.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "{}.{}".format(*version) in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("machine", [("darwin", "x86_64"), ("nt", "ARM64")])
def test_a_machine_without_pytorch_is_told_before_anything_is_downloaded(
    machine: tuple[str, str], launcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, processor = machine
    monkeypatch.setattr(launcher, "sys", SimpleNamespace(platform="darwin" if system == "darwin" else "win32"))
    monkeypatch.setattr(launcher, "os", SimpleNamespace(name="nt" if system == "nt" else "posix"))
    monkeypatch.setattr(platform, "machine", lambda: processor)
    with pytest.raises(launcher.SetupError) as refused:
        launcher.refuse_machines_without_torch()
    assert refused.value.code == 2


# --- stamps ---------------------------------------------------------------------------------------------------------


def test_a_second_start_finds_its_stamp(launcher: Any) -> None:
    make_venv(launcher, "core")
    assert launcher.is_set_up([])
    assert launcher.ready_python([]) == launcher.PYTHON


def test_no_environment_is_no_set_up(launcher: Any) -> None:
    assert not launcher.is_set_up([])


def test_a_start_that_was_killed_before_its_stamp_sets_up_again(launcher: Any) -> None:
    make_venv(launcher)
    assert not launcher.is_set_up([])


def test_the_tests_have_a_stamp_of_their_own(launcher: Any) -> None:
    make_venv(launcher, "core")
    assert not launcher.is_set_up(["test"])
    launcher.stamp("test").write_text(launcher.key())
    assert launcher.is_set_up(["test"])


@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt", ".venv/pyvenv.cfg"])
def test_other_wishes_make_the_stamp_worthless(file: str, launcher: Any) -> None:
    make_venv(launcher, "core")
    with open(launcher.ROOT / file, "a") as wishes:
        wishes.write("\n# changed\n")
    assert not launcher.is_set_up([])


def test_a_moved_folder_makes_the_stamp_worthless(
    launcher: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_venv(launcher, "core")
    moved = launcher.ROOT.rename(tmp_path / "moved")
    monkeypatch.setattr(launcher, "ROOT", moved)
    monkeypatch.setattr(launcher, "VENV", moved / ".venv")
    monkeypatch.setattr(launcher, "PYTHON", moved / ".venv" / "bin" / "python")
    assert launcher.PYTHON.exists()
    assert not launcher.is_set_up([])


def test_a_python_that_was_replaced_makes_the_stamp_worthless(launcher: Any, tmp_path: Path) -> None:
    make_venv(launcher, "core")
    launcher.PYTHON.unlink()
    (tmp_path / "python3.99").touch()
    launcher.PYTHON.symlink_to(tmp_path / "python3.99")
    assert not launcher.is_set_up([])


def test_a_python_that_was_removed_is_no_set_up(launcher: Any, tmp_path: Path) -> None:
    make_venv(launcher, "core")
    launcher.PYTHON.unlink()
    launcher.PYTHON.symlink_to(tmp_path / "gone")
    assert not launcher.is_set_up([])


# --- setting up -----------------------------------------------------------------------------------------------------


@pytest.fixture
def world(launcher: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A machine where `world["works"]` says what the environment can do; making it and installing are only noted."""
    state: dict[str, Any] = {"works": lambda statement: True, "made": 0, "pip": []}

    def make() -> None:
        state["made"] += 1
        if not launcher.PYTHON.exists():
            make_venv(launcher)

    monkeypatch.setattr(launcher, "works", lambda statement: state["works"](statement))
    monkeypatch.setattr(launcher, "make_environment", make)
    state["pip"] = pip(launcher, monkeypatch, report_of([]))
    return state


def test_set_up_installs_what_pyproject_asks_for_and_writes_the_stamp_last(
    launcher: Any, world: dict[str, Any]
) -> None:
    world["works"] = lambda statement: world["made"] > 0
    launcher.set_up([])
    assert world["made"] == 1
    assert any(word.startswith("PySide6-Essentials") for word in world["pip"][-1])
    assert launcher.is_set_up([])
    assert not launcher.is_set_up(["test"])


def test_set_up_for_the_tests_brings_them_too(launcher: Any, world: dict[str, Any]) -> None:
    make_venv(launcher, "core")
    launcher.set_up(["test"])
    assert any(word.startswith("pytest") for word in world["pip"][-1])
    assert world["made"] == 0
    assert launcher.is_set_up(["test"])


def test_pyside_is_unpacked_once_everything_works_and_a_failure_costs_only_time(
    launcher: Any, world: dict[str, Any]
) -> None:
    asked: list[str] = []

    def works(statement: str) -> bool:
        asked.append(statement)
        return statement != launcher.UNPACK

    make_venv(launcher)
    world["works"] = works
    launcher.set_up([])
    assert asked[-1] == launcher.UNPACK
    assert launcher.is_set_up([])


def test_a_half_installed_environment_is_mended_in_place(launcher: Any, world: dict[str, Any]) -> None:
    make_venv(launcher)
    world["works"] = lambda statement: statement != "import torch"
    launcher.set_up([])
    assert world["made"] == 0
    assert any("torch==" in word for call in world["pip"] for word in call)


def test_an_environment_that_does_not_load_is_made_anew_once(launcher: Any, world: dict[str, Any]) -> None:
    make_venv(launcher)
    world["works"] = lambda statement: statement == "import pip" or world["made"] > 0
    launcher.set_up([])
    assert world["made"] == 1
    assert launcher.is_set_up([])


def test_packages_that_never_load_end_in_a_sentence_and_without_a_stamp(launcher: Any, world: dict[str, Any]) -> None:
    make_venv(launcher)
    world["works"] = lambda statement: statement == "import pip"
    with pytest.raises(launcher.SetupError, match="do not load"):
        launcher.set_up([])
    assert not launcher.is_set_up([])


def test_without_a_network_the_sentence_says_what_to_do(
    launcher: Any, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_venv(launcher)
    pip(launcher, monkeypatch, lambda arguments: False)
    with pytest.raises(launcher.SetupError, match=r"connection and start again"):
        launcher.set_up([])
    assert not launcher.is_set_up([])


def test_a_full_disk_is_noticed_before_the_download(
    launcher: Any, world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher.VENV.mkdir()
    monkeypatch.setattr(launcher.shutil, "disk_usage", lambda path: SimpleNamespace(free=10**9))
    with pytest.raises(launcher.SetupError, match=r"2\.5 GB.*1\.0 GB are free"):
        launcher.install_torch()
    assert not any("--no-deps" in call and "--dry-run" not in call for call in world["pip"])


def test_a_broken_environment_goes_but_the_lock_stays(launcher: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import venv

    make_venv(launcher)
    (launcher.VENV / "setup.lock").touch()
    monkeypatch.setattr(venv.EnvBuilder, "create", lambda self, place: None)
    launcher.make_environment()
    assert [item.name for item in launcher.VENV.iterdir()] == ["setup.lock"]


def test_a_python_without_ensurepip_is_told_the_line_to_type(launcher: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.commands import doctor

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(doctor, "apt_install", lambda packages: False)
    with pytest.raises(launcher.SetupError, match=r"sudo apt install python3\.\d+-venv"):
        launcher.need_ensurepip()


def test_two_starts_at_once_set_up_once(launcher: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave, done = threading.Event(), threading.Event(), []
    monkeypatch.setattr(launcher, "is_met", lambda requirement: False)

    def set_up(extras: list[str]) -> None:
        entered.set()
        assert leave.wait(5)
        make_venv(launcher, "core")
        done.append(1)

    monkeypatch.setattr(launcher, "set_up", set_up)
    monkeypatch.setattr(launcher.time, "sleep", lambda seconds: leave.set())  # the second one waits: the first may end
    first = threading.Thread(target=launcher.ready_python, args=([],))
    first.start()
    assert entered.wait(5)
    assert launcher.ready_python([]) == launcher.PYTHON
    first.join(5)
    assert done == [1]


def test_trouble_with_the_disk_during_set_up_is_a_sentence(
    launcher: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def set_up(extras: list[str]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(launcher, "set_up", set_up)
    monkeypatch.setattr(launcher, "is_met", lambda requirement: False)
    assert launcher.main(["doctor"]) == 1
    assert "No space left" in capsys.readouterr().err


def test_ctrl_c_during_set_up_says_that_nothing_is_lost(
    launcher: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(extras: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(launcher, "ready_python", interrupted)
    assert launcher.main([]) == 130
    assert "goes on from here" in capsys.readouterr().err


# --- the right PyTorch ----------------------------------------------------------------------------------------------


@pytest.fixture
def linux(launcher: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Linux machine without an NVIDIA card."""
    if sys.platform != "linux":
        pytest.skip("the choice differs on other systems")
    monkeypatch.setattr(launcher, "has_nvidia", lambda: False)
    return launcher


def test_a_registry_that_offers_the_small_build_is_simply_used(linux: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pip(linux, monkeypatch, report_of(["filelock", "sympy>=1.13"]))
    assert linux.choose_torch("") == (["torch==2.13.0"], "cpu")
    assert "--dry-run" in calls[0]
    assert "--no-deps" in calls[0]


def test_gigabytes_of_cuda_are_not_taken_without_a_card(linux: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pip(linux, monkeypatch, report_of(["nvidia-cudnn-cu13==9; platform_system == 'Linux'", "triton==3.7"]))
    arguments, kind = linux.choose_torch("")
    assert arguments == ["torch==2.13.0", "--index-url", "https://download.pytorch.org/whl/cpu"]
    assert kind == "cpu"


def test_with_a_card_the_cuda_build_is_taken(linux: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux, "has_nvidia", lambda: True)
    calls = pip(linux, monkeypatch, report_of([]))
    assert linux.choose_torch("") == (["torch==2.13.0"], "cuda")
    assert calls == []


def test_when_only_cuda_can_be_reached_nothing_is_taken_unasked(linux: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = report_of(["cuda-bindings==13"])
    pip(linux, monkeypatch, lambda arguments: offered(arguments) and "--index-url" not in arguments)
    monkeypatch.setattr(linux.sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(linux.SetupError, match="STUDIO_TORCH=any"):
        linux.choose_torch("")


def test_when_no_torch_can_be_reached_it_is_said(linux: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pip(linux, monkeypatch, lambda arguments: False)
    with pytest.raises(linux.SetupError, match="No PyTorch can be reached"):
        linux.choose_torch("")


@pytest.mark.parametrize(
    ("wish", "arguments", "kind"),
    [
        ("any", ["torch==2.13.0"], "cuda"),
        ("cpu", ["torch==2.13.0", "--index-url", "https://download.pytorch.org/whl/cpu"], "cpu"),
        ("cu126", ["torch==2.13.0", "--index-url", "https://download.pytorch.org/whl/cu126"], "cuda"),
        ("cuda", ["torch==2.13.0"], "cuda"),
    ],
)
def test_a_wish_overrides_the_choice(wish: str, arguments: list[str], kind: str, linux: Any) -> None:
    assert linux.choose_torch(wish) == (arguments, kind)


def test_a_wheel_or_a_folder_of_wheels_may_be_named(linux: Any, tmp_path: Path) -> None:
    wheel = tmp_path / "torch-2.13.0-cp311-linux.whl"
    wheel.touch()
    assert linux.choose_torch(str(wheel))[0] == [str(wheel)]
    assert linux.choose_torch(str(tmp_path))[0] == ["torch==2.13.0", "--find-links", str(tmp_path)]


def test_a_wish_that_means_nothing_is_refused(linux: Any) -> None:
    with pytest.raises(linux.SetupError, match="STUDIO_TORCH") as refused:
        linux.choose_torch("gpu please")
    assert refused.value.code == 2


# --- an environment that is there already ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "meets"),
    [("6.11.3", True), ("6.9", True), ("6.11.0", False), ("6.11.1", False), ("6.12.0", False), ("6.8.3", False)],
)
def test_the_builds_of_pyside_that_crash_do_not_count_as_installed(
    version: str, meets: bool, launcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)
    assert launcher.is_met("PySide6-Essentials>=6.9,!=6.11.0,!=6.11.1,<6.12") is meets


def test_versions_are_compared_as_numbers(launcher: Any) -> None:
    assert launcher.numbers("2.13.0+cpu") == (2, 13)
    assert launcher.numbers("2.9.1") < launcher.numbers("2.13")
    assert launcher.numbers("3.0rc1") == (3,)


def test_every_requirement_of_the_project_is_met_where_its_tests_run(launcher: Any) -> None:
    assert [wish for wish in launcher.requirements(["test"]) if not launcher.is_met(wish)] == []


def test_a_complete_environment_is_used_as_it_is(launcher: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "is_met", lambda requirement: True)
    assert launcher.ready_python([]) == Path(sys.executable)
    assert not launcher.VENV.exists()


def test_an_unknown_group_of_packages_is_refused(launcher: Any) -> None:
    with pytest.raises(launcher.SetupError, match="no group of packages called tset"):
        launcher.requirements(["tset"])


def test_the_constraints_pin_what_the_project_needs(launcher: Any) -> None:
    pins = {line.split("==")[0].lower().replace("_", "-") for line in launcher.CONSTRAINTS.read_text().splitlines()}
    names = {
        re.split(r"[<>=!;\s]", wish)[0].lower().replace("_", "-") for wish in launcher.requirements(["test", "dev"])
    }
    assert names <= pins
    assert launcher.pinned("torch") == "torch==2.13.0"
    assert launcher.pinned("PySide6-Essentials") == "PySide6-Essentials==6.11.3"


# --- handing over ---------------------------------------------------------------------------------------------------


def test_what_must_be_set_before_python_starts_is_set(launcher: Any) -> None:
    surroundings = launcher.with_surroundings({})
    assert surroundings["OMP_WAIT_POLICY"] == "PASSIVE"
    assert surroundings["OPENBLAS_NUM_THREADS"] == "1"
    assert ("GLIBC_TUNABLES" in surroundings) == launcher.uses_glibc()
    if launcher.uses_glibc():
        assert "glibc.malloc.hugetlb=1:" in surroundings["GLIBC_TUNABLES"]


def test_values_that_a_person_chose_stay(launcher: Any) -> None:
    chosen = {"OMP_WAIT_POLICY": "ACTIVE", "OPENBLAS_NUM_THREADS": "4", "GLIBC_TUNABLES": "glibc.malloc.check=3"}
    assert launcher.with_surroundings(dict(chosen)) == chosen


def test_the_start_goes_on_in_the_environment_with_its_surroundings(
    launcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no exec")
    make_venv(launcher, "core")
    became: list[Any] = []
    monkeypatch.setattr(launcher.os, "execve", lambda *call: became.append(call))
    launcher.start(launcher.PYTHON, ["generate", "tale"])
    program, command, environment = became[0]
    assert program == str(launcher.PYTHON)
    assert command == [program, str(launcher.ROOT / "main.py"), "generate", "tale"]
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert environment["ATELIER_CHECKED"] == str(os.getpid())


@pytest.mark.parametrize("checked", [True, False])
def test_the_environment_is_looked_at_once_by_the_process_that_starts_anew(
    checked: bool, launcher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Any] = []
    monkeypatch.setenv("ATELIER_CHECKED", str(os.getpid() if checked else os.getppid()))  # a child's own process
    monkeypatch.setattr(launcher, "ready_python", looked.append)
    monkeypatch.setattr(launcher, "start", lambda python, arguments: 0)
    monkeypatch.setattr(launcher, "hand_over", lambda arguments: 0)
    assert launcher.main(["doctor"]) == 0
    assert len(looked) == (not checked)
    assert "ATELIER_CHECKED" not in os.environ


def test_help_needs_no_set_up(launcher: Any) -> None:
    bare = [sys.executable, "-S", str(ROOT / "main.py"), "--help"]  # without any installed package
    done = subprocess.run(bare, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "generate" in done.stdout


def test_scripts_are_told_which_python_has_everything(launcher: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make_venv(launcher, "core", "dev")
    assert launcher.main(["--set-up", "dev"]) == 0
    assert capsys.readouterr().out.strip() == str(launcher.PYTHON)


def test_only_the_test_command_asks_for_the_tests(launcher: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(launcher, "ready_python", lambda extras: asked.append(extras))
    monkeypatch.setattr(launcher, "start", lambda python, arguments: 0)
    launcher.main(["test", "-k", "x"])
    launcher.main(["run", "test"])
    assert asked == [["test"], []]
