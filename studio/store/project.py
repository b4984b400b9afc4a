"""A project folder: texts, tokens, runs and the draft of the next run, with one writer at a time."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.core.config import RunConfig, config_from_json, config_to_json
from studio.core.errors import StudioError
from studio.core.shelf import OBJECTIVES
from studio.formats import AS_FOUND, TextChoices
from studio.gate.names import inside, safe_name
from studio.store.corpus import Text, import_text, open_text, read_text
from studio.store.dataset_import import add_dataset
from studio.store.datasets import Dataset, dataset_versions, find_dataset, newest_datasets
from studio.store.disk import explain, explained, probe
from studio.store.files import free_name, read_json, rename_folder, write_json
from studio.store.locks import FileLock
from studio.store.own_tokenizers import FOLDER as TOKENIZERS_FOLDER
from studio.store.own_tokenizers import OwnTokenizer, add_tokenizer, find_tokenizer, list_tokenizers, own_tokenizer
from studio.store.row_file import Watching
from studio.store.runs import RunRecord
from studio.store.starts import settle
from studio.store.sweeping import sweep
from studio.store.trash import Trashed, discard, empty, trashed, weigh
from studio.tokenizers import Tokenizer

if TYPE_CHECKING:
    from studio.formats import Choices
    from studio.rows.kinds import Reading

VERSION = 1

ProjectLock = FileLock


class Project:
    """One folder on disk and everything in it. Make one with `create` or `open`."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name

    @classmethod
    def create(cls, path: Path, name: str = "") -> "Project":
        """Make a project in a folder that is new or empty."""
        path = Path(os.path.abspath(path))
        if (path / "project.json").exists():
            raise StudioError(f"“{path}” is a project already.", "Open it instead.")
        with explained("The project", path):
            if path.is_dir() and any(not entry.name.startswith(".") for entry in path.iterdir()):
                raise StudioError(f"“{path}” already holds other files.", "Choose a new or empty folder.")
            if path.exists() and not path.is_dir():
                raise StudioError(f"“{path}” is a file.", "Choose a new or empty folder.")
            path.mkdir(parents=True, exist_ok=True)
            name = name.strip() or path.name
            created = datetime.now(UTC).isoformat(timespec="seconds")
            write_json(path / "project.json", {"version": VERSION, "name": name, "created": created})
        return cls(path, name)

    @classmethod
    def open(cls, path: Path) -> "Project":
        """Open a project for reading; `lock` makes this process its writer. Nothing is written here."""
        path = Path(os.path.abspath(path))
        try:
            present = (path / "project.json").exists()
        except OSError as error:
            raise explain(error, "The project", path) from error
        if not present:
            raise StudioError(f"“{path}” is not an Atelier project.", "Choose a folder with a file “project.json”.")
        data = read_json(path / "project.json")
        version = data.get("version") if isinstance(data, dict) else None
        if not isinstance(version, int):
            raise StudioError(f"“{path / 'project.json'}” is damaged: it does not say its version.")
        if version > VERSION:
            raise StudioError(
                f"The project “{path.name}” was made by a newer Atelier "
                f"(version {version}; this one reads up to {VERSION}).",
                "Nothing was changed. Open it there, or update Atelier.",
            )
        return cls(path, str(data.get("name") or path.name))

    def lock(self) -> ProjectLock:
        """Become the project's only writer, or a `StudioError`: another window has it, or it cannot be written."""
        lock = FileLock(self.path / "lock")
        lock.acquire(f"The project “{self.name}”")
        try:
            probe(self.path)
            sweep(self.path)
        except BaseException:
            lock.release()
            raise
        return lock

    def texts(self) -> list[Text]:
        """The imported texts by name."""
        found = [open_text(folder) for folder in self._folders("texts", "text.json")]
        return sorted((text for text in found if text is not None), key=lambda text: text.name.casefold())

    def text(self, name: str) -> Text:
        """One text by name; an unknown one is a `StudioError` that lists what there is, one that is here says why."""
        for text in self.texts():
            if text.name == name:
                return text
        if any(folder.name == name for folder in self._folders("texts", "text.json")):
            return read_text(self.path / "texts" / name)  # says what is wrong with it
        known = ", ".join(f"“{text.name}”" for text in self.texts()) or "none yet"
        raise StudioError(f"There is no text “{name}” in the project “{self.name}”.", f"Its texts: {known}.")

    def add_text(
        self,
        paths: Sequence[Path],
        name: str = "",
        *,
        separator: str = "\n\n",
        choices: TextChoices = AS_FOUND,
        progress: Callable[[int, int], None] | None = None,
        keep_going: Callable[[], bool] | None = None,
    ) -> Text:
        """Import files or folders as one text; the same content twice is the same text, told in its `notes`."""
        watching = Watching(progress=progress, keep_going=keep_going)
        return import_text(self.path / "texts", paths, name, separator=separator, choices=choices, **watching)

    def find_text(
        self,
        value: str,
        *,
        progress: Callable[[int, int], None] | None = None,
        keep_going: Callable[[], bool] | None = None,
    ) -> Text:
        """What `DataConfig.text` means: one of the project's texts, else a path that is imported now."""
        if not value.strip():
            raise StudioError(
                "No text was chosen to learn from.",
                "Choose one on the Data page; in a configuration, write its name or a path to a file into “data.text”.",
            )
        if any(text.name == value for text in self.texts()):
            return self.text(value)
        path = Path(value).expanduser()
        if path.exists():
            return self.add_text([path], progress=progress, keep_going=keep_going)
        try:
            return self.text(value)
        except StudioError as error:
            hint = f"{error.hint} There is no file “{os.path.abspath(path)}” either."
            raise StudioError(error.message, hint) from error

    def delete_text(self, name: str) -> Trashed:
        """Move a text to the trash; token shards that were made of it stay usable."""
        return discard(self.text(name).folder, self.path / "trash")

    def datasets(self) -> list[Dataset]:
        """The newest version of each dataset, by name."""
        return newest_datasets(self.path / "datasets")

    def dataset(self, title: str) -> Dataset:
        """What "NAME", its newest version, or "NAME@2" means; an unknown one is a `StudioError`."""
        return find_dataset(self.path / "datasets", title)

    def dataset_versions(self, name: str) -> list[Dataset]:
        """Every version of one dataset, the first one first."""
        return dataset_versions(self.path / "datasets", name)

    def find_dataset(self, value: str, **watching: Any) -> Dataset:
        """What `DataConfig.dataset` means: one of the project's, else a path that is imported now."""
        if not value.strip():
            raise StudioError(
                "No dataset was chosen to learn from.",
                "Choose one on the Data page; in a configuration, write its name or a path into “data.dataset”.",
            )
        known = {title for dataset in self.datasets() for title in (dataset.name, dataset.title)}
        path = Path(value).expanduser()
        if value not in known and path.exists():
            return self.add_dataset(path, **watching)
        return self.dataset(value)

    def add_dataset(
        self, path: Path, choices: "Choices | None" = None, reading: "Reading | None" = None, **more: Any
    ) -> Dataset:
        """Import a table; what was not chosen is found by looking. `more`: name, progress, keep_going."""
        return add_dataset(self.path / "datasets", path, choices, reading, **more)

    def delete_dataset(self, name: str) -> Trashed:
        """Move a dataset with all its versions to the trash."""
        return discard(self.dataset(name).folder.parent, self.path / "trash")

    def tokenizers(self) -> list[OwnTokenizer]:
        """The tokenizers of its own by name."""
        return list_tokenizers(self.path / TOKENIZERS_FOLDER)

    def tokenizer(self, name: str) -> str | Tokenizer:
        """What `DataConfig.tokenizer` means: a kind by its name, else one of its own, loaded; else a `StudioError`."""
        return find_tokenizer(self.path / TOKENIZERS_FOLDER, name)

    def add_tokenizer(self, tokenizer: Tokenizer, name: str, source: str = "", text_sha256: str = "") -> OwnTokenizer:
        """Keep a tokenizer that was trained or opened; `source` names what it comes from."""
        return add_tokenizer(self.path / TOKENIZERS_FOLDER, tokenizer, name, source, text_sha256)

    def delete_tokenizer(self, name: str) -> Trashed:
        """Move one of its own to the trash; what was cut with it stays usable."""
        return discard(own_tokenizer(self.path / TOKENIZERS_FOLDER, name).folder, self.path / "trash")

    @property
    def tokens_folder(self) -> Path:
        """Where token shards lie."""
        return self.path / "tokens"

    def runs(self) -> list[RunRecord]:
        """The runs, oldest first."""
        records = [RunRecord(folder) for folder in self._folders("runs", "config.json")]
        return sorted(records, key=lambda record: (record.summary.created, record.name))

    def run(self, name: str) -> RunRecord:
        """One run by name, after clearing what a killed writer left in it; an unknown one is a `StudioError`."""
        folder = inside(self.path / "runs", name)
        if not (folder / "config.json").is_file():
            known = ", ".join(f"“{record.name}”" for record in self.runs()) or "none yet"
            raise StudioError(f"There is no run “{name}” in the project “{self.name}”.", f"Its runs: {known}.")
        record = RunRecord(folder)
        record.sweep()
        return record

    def new_run(self, config: RunConfig, name: str = "") -> RunRecord:
        """Write a new run's files; a name that is taken gets a number. A model to start from is looked up first."""
        config, runs = self._pinned(settle(self.path, config)), self.path / "runs"
        wanted = safe_name(name or Path(config.data.dataset.partition("@")[0] or config.data.text).stem or "run")
        for _ in range(100):
            try:
                return RunRecord.create(runs / free_name(runs, wanted), config)
            except StudioError as error:
                if not isinstance(error.__cause__, FileExistsError):  # somebody was faster with this name
                    raise
        raise StudioError(f"No free name was found for the run “{wanted}”.", "Choose another name.")

    def _pinned(self, config: RunConfig) -> RunConfig:
        """The same with what may change later as it is now: the version of its dataset, the text of its template."""
        from studio.store.own_prompts import prompt_text

        if config.data.dataset and OBJECTIVES.load(config.objective).rows is not None:  # imported now from a path
            config = config.with_part(data=replace(config.data, dataset=self.find_dataset(config.data.dataset).title))
        if "instruct" in OBJECTIVES.load(config.objective).sections and not config.instruct.template_text:
            text = prompt_text(self.path, config.instruct.template)
            config = config.with_part(instruct=replace(config.instruct, template_text=text))
        return config

    @property
    def draft(self) -> RunConfig:
        """The configuration the forms show; a damaged or newer one is left on disk as `.bak` and starts afresh."""
        path = self.path / "draft.json"
        if not path.exists():
            return RunConfig()
        try:
            return config_from_json(read_json(path))
        except StudioError:
            with suppress(OSError):  # a read-only project: the draft is only looked at
                rename_folder(path, path.with_name(free_name(self.path, "draft.json.bak")))
            return RunConfig()

    def save_draft(self, config: RunConfig) -> None:
        """Keep the configuration the forms show."""
        write_json(self.path / "draft.json", config_to_json(config))

    def trash(self) -> list[Trashed]:
        """What was deleted and can be put back, oldest first."""
        return trashed(self.path / "trash")

    def empty_trash(self) -> None:
        """Delete for good what lies in the trash."""
        empty(self.path / "trash")

    def weigh_trash(self) -> tuple[int, int]:
        """How many things lie in the trash, and their bytes."""
        return weigh(self.path / "trash")

    def _folders(self, part: str, needed: str) -> list[Path]:
        """Folders of one part of the project that hold the file that makes them whole."""
        try:
            entries = list((self.path / part).iterdir())
        except OSError:
            return []
        return [entry for entry in entries if not entry.name.startswith(".") and (entry / needed).is_file()]
