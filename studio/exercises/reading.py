"""A few words as a model reads them: cut by its tokenizer, each token with the vector the first block is given."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.exercises.vectors import Vectors, of_folder, of_untrained
from studio.exercises.windows import reads_with
from studio.store.files import read_json
from studio.store.project import Project
from studio.store.shards import find_shards
from studio.tokenizers import Tokenizer, make_tokenizer, tokenizer_from_json

MOST = 64  # tokens that are read


@dataclass(frozen=True, eq=False)
class Read:
    """What became of the words."""

    tokenizer: Tokenizer
    vectors: Vectors
    cut: bool  # whether there were more tokens than are shown


def read_untrained(
    project: Project | None, config: RunConfig, words: str, keep_going: Callable[[], bool] = lambda: True
) -> Read:
    """By a model of the draft's shape before its first step, drawn with the draft's seed."""
    tokenizer = _tokenizer(project, config, keep_going)
    model = replace(config.model, vocab_size=config.model.vocab_size or tokenizer.vocab_size)
    ids = tokenizer.encode(words)
    shown = ids[: min(MOST, model.context_length)]
    return Read(tokenizer, of_untrained(model, config.compute.seed, shown), len(shown) < len(ids))


def read_folder(folder: Path, words: str) -> Read:
    """By a checkpoint, or a model of a project."""
    path = folder / "tokenizer.json"
    if not path.exists():
        raise StudioError(tr("This model came without a tokenizer."), tr("Choose another one."))
    tokenizer = tokenizer_from_json(read_json(path))
    ids = tokenizer.encode(words)
    return Read(tokenizer, of_folder(folder, ids[:MOST]), len(ids) > MOST)


def _tokenizer(project: Project | None, config: RunConfig, keep_going: Callable[[], bool]) -> Tokenizer:
    """The draft's; one that learns from a text is taken from the tokens made before, else learned now."""
    if project is None:
        return make_tokenizer("gpt2")
    wanted = reads_with(project, config)
    if not isinstance(wanted, str):
        return wanted
    text = next((text for text in project.texts() if text.name == config.data.text), None)
    if text is None:
        return make_tokenizer(wanted)
    found = find_shards(text, wanted, config.data.validation_share, project.tokens_folder)
    if found is not None:
        return found.tokenizer
    return make_tokenizer(wanted, (chunk for chunk in text.chunks() if keep_going()))
