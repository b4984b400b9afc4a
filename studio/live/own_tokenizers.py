"""The project's own tokenizers as wishes: learned, kept, opened, written out, deleted. Part of the session."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.language import tr
from studio.live.jobs import Job
from studio.live.learned import Learned, learn
from studio.live.project_things import ProjectThings
from studio.live.runs import Undo
from studio.store.corpus import Text
from studio.store.project import Project
from studio.tokenizers import Tokenizer

if TYPE_CHECKING:
    from studio.store.datasets import Dataset
    from studio.vocabularies.training import Recipe

_USUAL = ("tokenizer.json", "vocab.json", "vocab.bpe", "encoder.json", "merges.txt", "bpe_merges.txt")


class OwnTokenizers(ProjectThings):
    """Learned ones are kept only when somebody wants them."""

    kind = "tokenizers"

    def learn(self, source: "Text | Dataset", recipe: "Recipe", held_back: float) -> Job:
        """Learn a vocabulary and measure it; the job's result is a `Learned`, which nothing keeps yet."""
        name = source.name if isinstance(source, Text) else source.title
        title = tr("Learning a vocabulary from “{name}”", name=name)
        return self._jobs.start(learn, source, recipe, held_back, title=title, lane="tokenizer.learn")

    def save(self, learned: Learned, name: str) -> Job:
        """Keep what was learned in the open project; the job's result is the name that it has there."""
        return self._told(self._jobs.start(keep, self._here(), learned.tokenizer, name, learned.source, learned.sha256))

    def open(self, path: Path) -> Job:
        """Take in somebody's tokenizer from a file or a folder; the job's result is the name that it has here."""
        title = tr("Opening {name}", name=path.name)
        return self._told(self._jobs.start(adopt, self._here(), path, title=title))

    def forms(self, tokenizer: Tokenizer) -> Job:
        """The forms that a tokenizer can be written in; the job's result is a list of (form, words)."""
        return self._jobs.start(forms_of, tokenizer)

    def export(self, tokenizer: Tokenizer, folder: Path, form: str) -> Job:
        """Write a tokenizer for other programs; the job's result is the paths of its files."""
        return self._jobs.start("studio.vocabularies.files:save_tokenizer", tokenizer, folder, form)

    def delete(self, name: str) -> Undo:
        """Move an own tokenizer to the trash; models and runs keep the copy that they have."""
        way_back = partial(self._restore, self._here().delete_tokenizer(name))
        self._tell()
        return Undo(tr("“{name}” was moved to the trash.", name=name), way_back)


def forms_of(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    """Names and words of the forms that say this tokenizer exactly."""
    from studio.vocabularies.files import FORMS
    from studio.vocabularies.files import forms_of as fitting

    return [(name, FORMS[name].label) for name in fitting(tokenizer)]


def keep(project: Project, tokenizer: Tokenizer, name: str, source: str = "", sha256: str = "") -> str:
    """Save a tokenizer in the project; its name there."""
    return project.add_tokenizer(tokenizer, name, source, sha256).name


def adopt(project: Project, path: Path) -> str:
    """Read a foreign tokenizer and save it in the project under the name of its file or folder; its name there."""
    from studio.vocabularies.files import open_tokenizer

    return keep(project, open_tokenizer(path), name_of(path), path.name)


def name_of(path: Path) -> str:
    """What a tokenizer is called by its place: files that are all called the same take the name of their folder."""
    path = path.absolute()
    return path.parent.name if path.is_file() and path.name in _USUAL and path.parent.name else path.stem
