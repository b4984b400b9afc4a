"""A person's own prompt templates, one small file each in their project; and what the name of a template means."""

from dataclasses import dataclass
from pathlib import Path

from studio.core.errors import StudioError
from studio.core.shelf import PROMPTS
from studio.gate.names import inside, safe_name, visible
from studio.prompts import Prompt
from studio.rows.model_prompt import NAME, model_prompt
from studio.rows.written_prompt import written_prompt
from studio.store.disk import explained
from studio.store.files import read_json, write_json

VERSION = 1
FOLDER = "prompts"
_LARGEST = 1 << 20  # bytes of a file


@dataclass(frozen=True)
class OwnPrompt:
    """A template of a person's own, as text."""

    name: str
    text: str


def list_prompts(project: Path) -> list[OwnPrompt]:
    """Those that can be read, by name."""
    try:
        paths = [path for path in (project / FOLDER).glob("*.json") if not path.name.startswith(".")]
    except OSError:
        return []
    found = [one for path in paths if (one := _read(path)) is not None]
    return sorted(found, key=lambda one: one.name.casefold())


def save_prompt(project: Path, name: str, text: str) -> OwnPrompt:
    """Keep a template, in place of the one that had this name; one that cannot be used is a `StudioError`."""
    kept = safe_name(name.strip() or "My template")
    if kept.casefold() in _taken():
        kept = f"My {kept}"
    written_prompt(kept, text)
    with explained("The template", project):
        (project / FOLDER).mkdir(exist_ok=True)
    write_json(_path(project, kept), {"version": VERSION, "text": text})
    return OwnPrompt(kept, text)


def delete_prompt(project: Path, name: str) -> OwnPrompt:
    """Remove a template; what comes back is all of it, to be saved again."""
    own = own_prompt(project, name)
    with explained(f"“{own.name}”", project):
        _path(project, own.name).unlink()
    return own


def own_prompt(project: Path, name: str) -> OwnPrompt:
    """One of the project's own by name; an unknown one is a `StudioError` that lists what there is."""
    known = list_prompts(project)
    for one in known:
        if one.name == name:
            return one
    own = ", ".join(f"“{one.name}”" for one in known)
    raise StudioError(
        f"There is no template called “{visible(name)}”.",
        f"Choose one of: {', '.join(PROMPTS.names())}{'; of your own: ' + own if own else ''}.",
    )


def find_prompt(project: Path, name: str, text: str = "") -> Prompt:
    """What a configuration means: a name of the shelf, else the text that it holds itself, else one of the project's.

    The text behind the name “model” is the chat template that a model brings; to look at it may start a process.
    """
    if name in PROMPTS.names():
        prompt: Prompt = PROMPTS.load(name)
        return prompt
    if text:
        return model_prompt(text) if name == NAME else written_prompt(name, text)
    own = own_prompt(project, name)
    return written_prompt(own.name, own.text)


def prompt_text(project: Path, name: str) -> str:
    """What a run keeps of a template beside its name: the text of one's own; those of the shelf need none."""
    return "" if name in PROMPTS.names() else own_prompt(project, name).text


def _taken() -> set[str]:
    """Names that mean something else."""
    return {*PROMPTS.names(), NAME}


def _path(project: Path, name: str) -> Path:
    return inside(project / FOLDER, f"{name}.json")


def _read(path: Path) -> OwnPrompt | None:
    """None when the file is damaged, newer, or far too large."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        data = read_json(path)
    except (StudioError, OSError):
        return None
    if not isinstance(data, dict) or data.get("version") != VERSION or not isinstance(data.get("text"), str):
        return None
    return OwnPrompt(path.stem, data["text"])
