"""A model whose vocabulary may grow: what its folder says of it, and a text cut with and without further tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.core.config import ModelConfig, config_from_json
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.parts.token_trial import Trial, try_text
from studio.store.checkpoints import check_sizes
from studio.store.files import read_json
from studio.tokenizers import SpelledTokenizer, tokenizer_from_json
from studio.tokenizers.extended import ExtendedTokenizer


@dataclass(frozen=True, eq=False)
class Growable:
    """A model in a folder of ours, without its weights."""

    folder: Path
    model: ModelConfig
    tokenizer: SpelledTokenizer

    @property
    def rows(self) -> int:
        """How many rows its tables have."""
        return self.model.vocab_size

    @property
    def spare(self) -> int:
        """Rows behind those of its tokens that no token uses."""
        return max(0, self.rows - self.tokenizer.vocab_size)

    def grown(self, added: int) -> int:
        """How many rows its tables will have."""
        return max(self.rows, self.tokenizer.vocab_size + added)


@dataclass(frozen=True)
class Cuts:
    """One text cut by a model's tokenizer as it is and with further tokens; `problem` is why these cannot be added."""

    before: Trial
    after: Trial
    problem: StudioError | None = None


def open_growable(folder: Path) -> Growable:
    """What the folder of a model or a checkpoint says; one without a tokenizer is refused. For a worker thread."""
    check_sizes(folder)
    if not (folder / "tokenizer.json").is_file():
        raise StudioError(tr("This model came without a tokenizer."), tr("Choose one that brought its tokenizer."))
    tokenizer, state = tokenizer_from_json(read_json(folder / "tokenizer.json")), read_json(folder / "state.json")
    config = config_from_json(state.get("config") if isinstance(state, dict) else None)
    if not isinstance(tokenizer, SpelledTokenizer):
        raise StudioError(tr("This model's tokenizer cannot have further tokens."), tr("Choose another model."))
    return Growable(folder, config.model, tokenizer)


def cut_both(of: Growable, added: Sequence[str], text: str) -> Cuts:
    """A text before and after; special tokens count as such in both. For a worker thread."""
    before = try_text(of.tokenizer, text, special=True)
    if not added:
        return Cuts(before, before)
    try:
        extended = ExtendedTokenizer(of.tokenizer, added)
    except StudioError as error:
        return Cuts(before, before, error)
    return Cuts(before, try_text(extended, text, special=True))
