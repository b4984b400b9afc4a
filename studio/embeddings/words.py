"""The vocabulary of what is looked at and how often its tokens come: found once, shared by every view of the page."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.embeddings.frequency import Frequency, frequency_of
from studio.embeddings.vocabulary import Vocabulary, vocabulary_of
from studio.live.jobs import Job
from studio.live.looking import Looking


class Words(QObject):
    """`vocabulary` and `frequency` are None until they are known; models of one run share both."""

    changed = Signal(object)  # frozenset of {"words", "counts"}

    def __init__(self, looking: Looking) -> None:
        super().__init__(looking)
        self._looking = looking
        self.vocabulary: Vocabulary | None = None
        self.frequency: Frequency | None = None
        self._of: tuple[Any, ...] = ()
        self._jobs: list[Job] = []

    @classmethod
    def of(cls, looking: Looking) -> "Words":
        """The one of this session."""
        found = looking.findChild(cls)
        return found if isinstance(found, cls) else cls(looking)

    def want(self, scene: Any) -> None:
        """Know the tokens of this model; those of the same run are known already."""
        size = scene.config.model.vocab_size
        folder, tokenizer = scene.folder, scene.tokenizer
        of = (folder.parent if [part.name for part in folder.parents][2:3] == ["runs"] else folder, size)
        if of == self._of:
            return
        self._of, self.vocabulary, self.frequency = of, None, None
        words = self._looking.ask(vocabulary_of, tokenizer, size, lane="embeddings words")
        words.succeeded.connect(self._words_there)
        words.ended.connect(self._ended)
        counts = self._looking.ask(frequency_of, folder, scene.config, size, tokenizer, lane="embeddings counts")
        counts.succeeded.connect(self._counts_there)
        counts.ended.connect(self._ended)
        self._jobs = [words, counts]

    def label(self, token: int) -> str:
        """How a token reads; its id until that is known."""
        return self.vocabulary.label(token) if self.vocabulary is not None else f"#{token}"

    def _ended(self) -> None:
        """What was called off together with a model may be wanted again."""
        job = self.sender()
        if job in self._jobs and isinstance(job, Job) and job.cancelled:
            self._of, self._jobs = (), []

    def _words_there(self, found: Vocabulary) -> None:
        self.vocabulary = found
        self.changed.emit(frozenset({"words"}))

    def _counts_there(self, found: Frequency) -> None:
        self.frequency = found
        self.changed.emit(frozenset({"counts"}))
