"""What a run reads, found and cut into tokens: windows of a text, or the rows of a dataset."""

import dataclasses
import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass

from studio.core.channel import RunControl
from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.events import PhaseChanged, RunEvent, Warned
from studio.core.language import tr
from studio.objectives import Batches, Objective, Words, learnable
from studio.store.examples import Examples
from studio.store.project import Project
from studio.store.shards import Shards, make_shards
from studio.tokenizers import Tokenizer, make_tokenizer

Tell = Callable[[RunEvent], None]


@dataclass(frozen=True)
class Material:
    """Tokens, the batches of both sides, and the config with what only they could say."""

    words: Words
    config: RunConfig
    training: Batches
    validation: Batches | None


def gathered(
    config: RunConfig, objective: Objective, reads_with: str | Tokenizer, control: RunControl, project: Project
) -> Generator[RunEvent, None, Material | None]:
    """What the run of `config` reads, made now if it does not exist; None when stopped. Tells how far it is."""
    words = yield from _words(config, objective, reads_with, control, project)
    if words is None:
        return None
    if isinstance(words, Examples):
        for note in words.notes:
            yield Warned(step=0, message=note)
        config = resolve_vocabulary(words.config, words.vocab_size)
    else:
        config = resolve_vocabulary(objective.ready(config, words.tokenizer), words.vocab_size)
    return Material(words, config, *batches_of(objective, words, config))


def _words(
    config: RunConfig, objective: Objective, reads_with: str | Tokenizer, control: RunControl, project: Project
) -> Generator[RunEvent, None, Words | None]:
    """The tokens, read in a thread of their own so that progress is told meanwhile."""
    news: queue.SimpleQueue[RunEvent] = queue.SimpleQueue()
    abandoned = threading.Event()
    outcome: list[Words | BaseException] = []

    def going() -> bool:
        return control.keep_going() and not abandoned.is_set()

    def work() -> None:
        read = _read_rows if objective.rows is not None else _read_text
        try:
            outcome.append(read(config, objective, reads_with, project, _Watch(news.put, going)))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=work, name="tokenize")
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.05)
            while not news.empty():
                yield news.get()
    finally:
        abandoned.set()
        thread.join()
    while not news.empty():
        yield news.get()
    if control.stopping:
        return None
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


@dataclass(frozen=True)
class _Watch:
    """Whom the reading thread tells, and whom it asks."""

    tell: Tell
    keep_going: Callable[[], bool]

    def telling(self, phase: str) -> Callable[[int, int], None]:
        return lambda done, total: self.tell(PhaseChanged(phase=phase, done=done, total=total))


def _read_text(
    config: RunConfig, objective: Objective, reads_with: str | Tokenizer, project: Project, watch: _Watch
) -> Shards:
    """Import the text if it is a path, then cut it into tokens."""
    data = config.data
    text = project.find_text(data.text, progress=watch.telling("reading text"), keep_going=watch.keep_going)
    if text.guessed and text.name != data.text:  # a text that was in the project before was looked at there
        watch.tell(Warned(step=0, message=f"The encoding of “{text.name}”: {text.encoding}"))
    watch.tell(PhaseChanged(phase="tokenizing"))
    return make_shards(
        text, reads_with, data.validation_share, project.tokens_folder,
        progress=watch.telling("tokenizing"), keep_going=watch.keep_going,
    )  # fmt: skip


def _read_rows(
    config: RunConfig, objective: Objective, reads_with: str | Tokenizer, project: Project, watch: _Watch
) -> Examples:
    """Import the dataset if it is a path, then make tokens of its rows as the objective reads them."""
    assert objective.rows is not None
    dataset = project.find_dataset(
        config.data.dataset, progress=watch.telling("reading rows"), keep_going=watch.keep_going
    )
    if dataset.reading.kind not in objective.rows.kinds:
        raise StudioError(
            tr("The rows of “{name}” are of the kind “{kind}”, which “{task}” cannot learn from.",
               name=dataset.title, kind=dataset.reading.kind, task=objective.label),
            tr("Choose the roles of its columns on the Data page; it reads: {kinds}.",
               kinds=", ".join(objective.rows.kinds)),
        )  # fmt: skip
    watch.tell(PhaseChanged(phase="tokenizing"))
    if isinstance(reads_with, str):
        reads_with = make_tokenizer(reads_with, learnable(objective.rows, dataset, config, watch.keep_going))
    config = config.with_part(data=dataclasses.replace(config.data, dataset=dataset.title))
    return objective.rows.read(dataset, reads_with, config, watch.telling("tokenizing"), watch.keep_going)


def resolve_vocabulary(config: RunConfig, found: int) -> RunConfig:
    """Take the vocabulary from the tokenizer and the mask token; a model that is too small for them is refused."""
    wanted, found = config.model.vocab_size, max(found, config.model.mask_token + 1)
    if wanted and wanted < found:
        hint = "Set the vocabulary to 0 on the Model page, so that it follows the tokenizer."
        if config.start_from:
            hint = "The model it starts from has no room for the mask token; let it learn to predict the next word."
        raise StudioError(f"The model has {wanted:,} tokens in its vocabulary, but the run needs {found:,}.", hint)
    return config.with_part(model=dataclasses.replace(config.model, vocab_size=wanted or found))


def batches_of(objective: Objective, words: Words, config: RunConfig) -> tuple[Batches, Batches | None]:
    """Training and validation batches; a text that is too short for one batch is refused with the figures."""
    size = config.training.batch_size
    if objective.rows is not None:
        assert isinstance(words, Examples)
        held_back = objective.rows.batches(words, config, size, "validation") if len(words.split.validation) else None
        return objective.rows.batches(words, config, size, "training"), held_back
    need = config.model.context_length + 1
    if words.training_tokens < need:
        raise StudioError(
            f"The training part of this text has {words.training_tokens:,} tokens; one window needs {need:,}.",
            "Choose a longer text or a shorter context.",
        )
    training = objective.batches(words.training(), config, size)
    if words.validation_tokens < need:
        return training, None
    return training, objective.batches(words.validation(), config, size)
