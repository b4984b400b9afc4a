"""Start Atelier: `python3 main.py`, or `python3 main.py --help` for everything else that this file can do.

The first start makes `.venv` beside this file: it picks the PyTorch that fits the machine, installs what
constraints.txt pins and writes a stamp last, so that a start which was killed heals on the next one. Every later
start finds the stamp and goes straight on to `studio.commands`. Standard library only, and in words that even
Python 2 can read (so types stand in comments): an old Python must get as far as the sentence below.
"""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    sys.stderr.write(
        "Atelier needs Python 3.11, 3.12, 3.13 or 3.14, and this is Python %d.%d.\n"
        "Get one from https://www.python.org/downloads/ and start with it, for example: python3.13 main.py\n"
        % tuple(sys.version_info[:2])
    )
    sys.exit(2)

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Iterator  # noqa: F401 (in a type comment)

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOG = VENV / "setup.log"
CONSTRAINTS = ROOT / "constraints.txt"
WHEELS = "https://download.pytorch.org/whl/"  # PyTorch's own index: /cpu, /cu130, ...
GIGABYTE = 10**9
SPACE = {"cpu": 2.5 * GIGABYTE, "cuda": 10 * GIGABYTE}  # what the whole environment may take, with room to spare

# glibc gives every large tensor back to the kernel when it is freed, and the page faults of fetching it again are
# 10 to 27 % of a training step. These keep the memory and use huge pages: up to 1.4 times as fast, for 2 to 20 %
# more resident memory.
MEMORY = "glibc.malloc." + ":glibc.malloc.".join(
    ("hugetlb=1", "mmap_threshold=8589934592", "trim_threshold=8589934592", "top_pad=268435456")
)

# OpenMP's threads sleep at barriers. Spinning is up to 1.4 times as fast for tiny models on an idle machine; beside a
# browser or a second run it burns 5 to 10 times the processor time and made steps up to 4 times slower. numpy's own
# cannot be told to sleep: beside other work two of them spent 2.6 s on what one does in 0.16 s.
WAITING, NUMPY_THREADS = "PASSIVE", "1"

# PySide carries Python code in a zip and compiles it at each start, a fifth of the time to the first paint. Its own
# switch lays it out as files, which Python compiles once; where that fails, nothing is lost but this time.
UNPACK = "import os; os.environ['SBK_EMBED'] = '0'; import shiboken6"

CHECKED = "ATELIER_CHECKED"  # holds the process that was found complete before Python was started anew in its place


class SetupError(Exception):
    """A sentence for the person, and the exit code that goes with it."""

    def __init__(self, message, code=1):  # type: (str, int) -> None
        super().__init__(message)
        self.code = code


def main(arguments):  # type: (list[str]) -> int
    """Make sure that there is an environment, then let studio.commands do what was asked; returns the exit code."""
    try:
        if arguments[:1] == ["--set-up"]:  # for scripts: prints the Python that has everything, and these groups
            sys.stdout.write("%s\n" % ready_python(arguments[1:]))
            return 0
        help_only = arguments[:1] in (["-h"], ["--help"], ["--version"])  # needs nothing but this Python
        if help_only or os.environ.pop(CHECKED, "") == str(os.getpid()):
            return hand_over(arguments)
        return start(ready_python(["test"] if arguments[:1] == ["test"] else []), arguments)
    except SetupError as error:
        say(str(error))
        return error.code
    except KeyboardInterrupt:
        say("Stopped. The same command goes on from here.")
        return 130


def say(sentence):  # type: (str) -> None
    """Speak to the person; standard output is for results only."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


# --- handing over ---------------------------------------------------------------------------------------------------


def start(python, arguments):  # type: (Path, list[str]) -> int
    """Go on in `python` with the surroundings it needs: in this process when it is that already, else in its place."""
    surroundings = with_surroundings(dict(os.environ))
    if is_this(python) and (surroundings == dict(os.environ) or os.name == "nt"):
        return hand_over(arguments)
    command = [str(python), str(ROOT / "main.py")] + arguments
    if os.name == "nt":  # Windows has no exec that keeps the console waiting
        return subprocess.call(command, env=surroundings)
    sys.stderr.flush()
    return os.execve(command[0], command, dict(surroundings, **{CHECKED: str(os.getpid())}))


def hand_over(arguments):  # type: (list[str]) -> int
    """Run the command in this process."""
    from studio.commands import main as run_command

    return run_command(arguments)


def is_this(python):  # type: (Path) -> bool
    """Whether this process already runs in the environment of `python`."""
    if python == PYTHON:
        return os.path.realpath(sys.prefix) == str(VENV)
    return str(python) == sys.executable


def with_surroundings(environment):  # type: (dict[str, str]) -> dict[str, str]
    """`environment` with what must be set before Python starts; values that a person chose stay."""
    environment.setdefault("OMP_WAIT_POLICY", WAITING)
    environment.setdefault("OPENBLAS_NUM_THREADS", NUMPY_THREADS)
    if uses_glibc():
        environment.setdefault("GLIBC_TUNABLES", MEMORY)
    return environment


def uses_glibc():  # type: () -> bool
    """Whether the C library of this machine is glibc, as on most Linux systems."""
    try:
        return sys.platform == "linux" and "glibc" in (os.confstr("CS_GNU_LIBC_VERSION") or "")
    except (ValueError, OSError):
        return False


# --- which environment ----------------------------------------------------------------------------------------------


def ready_python(extras):  # type: (list[str]) -> Path
    """The Python that has everything: our own environment, else the present one if complete, else a new one of ours."""
    if is_set_up(extras):
        return PYTHON
    if not PYTHON.exists() and all(is_met(requirement) for requirement in requirements(extras)):
        return Path(sys.executable)
    with only_one_setup():
        if not is_set_up(extras):  # another start may have done it while this one waited
            try:
                set_up(extras)
            except (OSError, subprocess.CalledProcessError) as error:
                raise SetupError("Set-up stopped: %s. The same command goes on from here." % error)  # noqa: B904
    return PYTHON


def stamp(part):  # type: (str) -> Path
    """The file whose text says for which state of things `part` ("core", "test", "dev") is complete."""
    return VENV / ("atelier-%s.stamp" % part)


def key():  # type: () -> str
    """One word for the place, the wanted packages and the Python: when it changes, set-up runs again."""
    state = hashlib.sha256(str(ROOT).encode())
    for file in (ROOT / "pyproject.toml", CONSTRAINTS, VENV / "pyvenv.cfg"):
        state.update(file.read_bytes() if file.is_file() else b"-")
    state.update(os.path.realpath(PYTHON).encode())
    return state.hexdigest()


def is_set_up(extras):  # type: (list[str]) -> bool
    """Whether every part carries a stamp of the present key; this is all that a second start does."""
    if not PYTHON.exists():
        return False
    now = key()
    return all(stamp(part).is_file() and stamp(part).read_text() == now for part in ["core"] + extras)


def requirements(extras):  # type: (list[str]) -> list[str]
    """What pyproject.toml asks for, with the optional groups named."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = project["optional-dependencies"]
    for extra in extras:
        if extra not in groups:
            raise SetupError("There is no group of packages called %s; there are: %s." % (extra, ", ".join(groups)), 2)
    return sum((groups[extra] for extra in extras), list(project["dependencies"]))


def is_met(requirement):  # type: (str) -> bool
    """Whether an installed package has the name and lies within the bounds, e.g. `PySide6-Essentials>=6.9,!=6.11.0`."""
    import importlib.metadata  # a tenth of a second that a start with our own environment has no use for

    wanted = requirement.split(";")[0]
    try:
        have = numbers(importlib.metadata.version(re.split(r"[<>=!\s]", wanted)[0]))
    except importlib.metadata.PackageNotFoundError:
        return False
    meets = {">=": have.__ge__, "<": have.__lt__, "!=": have.__ne__, "==": have.__eq__}
    return all(meets[sign](numbers(bound)) for sign, bound in re.findall(r"(>=|<|!=|==)\s*([\d.]+)", wanted))


def numbers(version):  # type: (str) -> tuple[int, ...]
    """`2.10.0+cpu` as (2, 10): the leading numbers, without zeros at the end."""
    found = [int(part) for part in re.split(r"[^\d.]", version)[0].split(".") if part]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


# --- set-up ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def only_one_setup():  # type: () -> Iterator[None]
    """Hold the lock of `.venv`; the system lets go of it when its holder dies. A second start waits here."""
    try:
        VENV.mkdir(exist_ok=True)
        file = open(VENV / "setup.lock", "a")  # noqa: SIM115 (closed below, whatever happens)
    except OSError as error:
        raise SetupError("Atelier cannot write into its own folder, %s: %s." % (ROOT, error.strerror))  # noqa: B904
    with file:
        if not lock(file.fileno()):
            say("Another start is setting Atelier up; this one waits for it.")
            while not lock(file.fileno()):
                time.sleep(0.5)
        yield


def lock(descriptor):  # type: (int) -> bool
    """Try once to lock an open file for this process alone."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def set_up(extras):  # type: (list[str]) -> None
    """Make or mend the environment and stamp it; one that does not load is made anew, once."""
    refuse_machines_without_torch()
    wanted = requirements(extras)
    say("Setting Atelier up in %s. This happens once and takes a few minutes; details: %s" % (VENV, LOG))
    for attempt in ("mend", "anew"):
        if attempt == "anew" or not works("import pip"):
            make_environment()
        if not works("import torch"):
            install_torch()
        if not pip_install(*wanted):
            raise SetupError(
                "Set-up could not fetch or install every package. What has arrived is kept: check the connection "
                "and start again. The reason stands above and in %s." % LOG
            )
        if works("import torch, numpy, safetensors.torch, tokenizers, tiktoken"):
            break
    else:
        raise SetupError("The packages are installed but do not load; the reasons stand in %s." % LOG)
    works(UNPACK)
    for part in ["core"] + extras:
        stamp(part).write_text(key())
    say("Set-up is complete.")


def refuse_machines_without_torch():  # type: () -> None
    """Two kinds of machines have no PyTorch of today: say so before anything is downloaded."""
    import platform

    machine = platform.machine().lower()
    if sys.platform == "darwin" and machine == "x86_64":
        raise SetupError("PyTorch is no longer made for Macs with Intel processors, and Atelier needs it.", 2)
    if os.name == "nt" and machine == "arm64":
        raise SetupError("There is no PyTorch for Windows on ARM yet; an x64 Python on the same machine works.", 2)


def works(statement):  # type: (str) -> bool
    """Whether our environment's Python can do this; if not, the log has the reason."""
    if not PYTHON.exists():
        return False
    done = subprocess.run([str(PYTHON), "-c", statement], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        with open(LOG, "ab") as log:
            log.write(b"%s: %s\n" % (statement.encode(), done.stderr))
    return done.returncode == 0


def make_environment():  # type: () -> None
    """An empty virtual environment with pip; whatever lay there goes, except the lock that this process holds."""
    need_ensurepip()
    import venv

    for item in VENV.iterdir():
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        elif item.name != "setup.lock":
            item.unlink()
    venv.EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(VENV)


def need_ensurepip():  # type: () -> None
    """Debian and Ubuntu keep a part of Python's own library in a package of its own."""
    from importlib.util import find_spec

    if find_spec("ensurepip"):
        return
    from studio.commands.doctor import apt_install

    package = "python%d.%d-venv" % sys.version_info[:2]
    if not apt_install([package]):
        raise SetupError("This Python lacks a part of its library. Start again after: sudo apt install " + package)


def pip_install(*arguments):  # type: (str) -> bool
    """Let pip install into our environment, within the pinned versions; its own configuration is honoured."""
    command = [str(PYTHON), "-m", "pip", "install", "--retries", "1", "--timeout", "20", "--log", str(LOG)]
    command += ["--disable-pip-version-check", "-c", str(CONSTRAINTS)] + list(arguments)
    return subprocess.call(command, stdout=sys.stderr) == 0


# --- the right PyTorch ----------------------------------------------------------------------------------------------


def install_torch():  # type: () -> None
    """Look before downloading: the registry's PyTorch may bring gigabytes of CUDA that this machine cannot use."""
    arguments, kind = choose_torch(os.environ.get("STUDIO_TORCH", ""))
    free = shutil.disk_usage(VENV).free
    if free < SPACE[kind]:
        raise SetupError(
            "Set-up needs %.1f GB on the disk of %s, and %.1f GB are free. Make room and start again."
            % (SPACE[kind] / GIGABYTE, ROOT, free / GIGABYTE)
        )
    if not pip_install("--no-deps", *arguments):
        raise SetupError("PyTorch could not be installed; the reason stands above and in %s. Start again." % LOG)


def choose_torch(wish):  # type: (str) -> tuple[list[str], str]
    """pip's arguments for PyTorch, and how much space it takes ("cpu" or "cuda").

    `wish` is STUDIO_TORCH: cpu, cuda, any (whatever pip finds), a build such as cu126, or a wheel or folder of wheels.
    """
    torch = pinned("torch")
    if wish == "any":
        return [torch], "cuda"
    if re.match(r"(cpu|cu\d+|rocm[\d.]+|xpu)$", wish):
        return [torch, "--index-url", WHEELS + wish], "cpu" if wish == "cpu" else "cuda"
    if wish and wish != "cuda":
        if not Path(wish).exists():
            raise SetupError("STUDIO_TORCH is %s: neither cpu, cuda, any, a build such as cu126 nor a file." % wish, 2)
        return ([torch, "--find-links", wish] if Path(wish).is_dir() else [wish]), "cpu"
    if sys.platform == "darwin":
        return [torch], "cpu"
    if wish == "cuda" or has_nvidia():
        return ([torch, "--index-url", WHEELS + "cu130"] if os.name == "nt" else [torch]), "cuda"
    if os.name == "nt" or not brings_cuda(torch):
        return [torch], "cpu"
    if pip_install("--dry-run", "--quiet", "--no-deps", torch, "--index-url", WHEELS + "cpu"):
        return [torch, "--index-url", WHEELS + "cpu"], "cpu"
    return confirm_cuda(torch)


def confirm_cuda(torch):  # type: (str) -> tuple[list[str], str]
    """Nobody downloads gigabytes for a graphics card they do not have without being asked."""
    say("The small PyTorch for machines without an NVIDIA card cannot be reached at %scpu." % WHEELS)
    say("The one that can be reached works too, but it is about 3 GB to download and 8 GB on disk.")
    if sys.stdin.isatty() and sys.stderr.isatty():
        sys.stderr.write("Take it? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return [torch], "cuda"
    raise SetupError("To take it, start once with STUDIO_TORCH=any; to use a wheel you have, with STUDIO_TORCH=FILE.")


def pinned(name):  # type: (str) -> str
    """The line of constraints.txt for one package, such as `torch==2.13.0`."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    return next(line.split()[0] for line in lines if line.startswith(name + "=="))


def has_nvidia():  # type: () -> bool
    """Whether an NVIDIA driver is installed."""
    return bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia/version").exists()


def brings_cuda(torch):  # type: (str) -> bool
    """Ask pip what it would install, without downloading it, and read whether that requires CUDA's libraries."""
    import json

    report = VENV / "torch-report.json"
    if not pip_install("--dry-run", "--quiet", "--no-deps", "--report", str(report), torch):
        raise SetupError("No PyTorch can be reached. Check the connection and start again; the reason is in %s." % LOG)
    items = json.loads(report.read_text(encoding="utf-8"))["install"]
    wanted = [line for item in items for line in item["metadata"].get("requires_dist", [])]
    return any(re.match(r"nvidia-|cuda-|triton", line) for line in wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
