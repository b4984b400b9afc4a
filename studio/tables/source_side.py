"""What stands beside a text or a dataset: what is known of it, how a text is split, the versions of a dataset."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.language import tr
from studio.live.session import Session
from studio.live.token_counts import TokenCounts
from studio.parts.texts import SplitCard, TextFacts
from studio.store.corpus import Text
from studio.tables.version_card import DatasetFacts, VersionCard
from studio.widgets.look import Look
from studio.widgets.side_column import SideColumn

if TYPE_CHECKING:
    from studio.store.datasets import Dataset

    Source = Text | Dataset


class SourceSide(SideColumn):
    """`set_source` shows one; tokens of a text are counted in the background."""

    delete_requested = Signal()
    reading_requested = Signal(object)  # Text
    version_opened = Signal(int)

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        self.facts, self.split = TextFacts(look), SplitCard(look)
        self.dataset_facts, self.versions = DatasetFacts(look), VersionCard(look)
        super().__init__([self.facts, self.split, self.dataset_facts, self.versions], parent=parent)
        self._session = session
        self.source: Source | None = None
        self._counts = TokenCounts.of(session)
        self._counts.changed.connect(self._counted)
        for button in (self.facts.delete, self.dataset_facts.delete):
            button.clicked.connect(self.delete_requested)
        self.facts.count_all.clicked.connect(self._count_all)
        self.facts.read_again.clicked.connect(self._read_again)
        self.split.share_changed.connect(self._share_changed)
        self.versions.opened.connect(self.version_opened)

    def set_source(self, source: "Source") -> None:
        """Show this one."""
        former, self.source = self.source, source
        is_text = isinstance(source, Text)
        for card in (self.facts, self.split):
            card.setVisible(is_text)
        self.dataset_facts.setVisible(not is_text)
        if isinstance(source, Text):
            self.versions.hide()
            self._show_counts(source)
            return
        if source is former:
            return
        self.dataset_facts.set_dataset(source)
        project = self._session.project
        self.versions.set_versions(project.dataset_versions(source.name) if project is not None else [], source.version)

    def _show_counts(self, text: Text) -> None:
        draft = self._session.draft
        counted = self._counts.want(text, draft.data.tokenizer)
        failure = self._counts.failure(text, draft.data.tokenizer)
        self.facts.set_text(text, draft.data.tokenizer, counted, str(failure) if failure else "")
        counting = self._counts.counting == text.name
        self.facts.count_all.setEnabled(not counting)
        self.facts.count_all.setText(tr("Counting all of it…") if counting else tr("Count all of it"))
        self.split.set_split(text, counted, draft)

    def _counted(self) -> None:
        if self.isVisible() and isinstance(self.source, Text):
            self._show_counts(self.source)

    def _count_all(self) -> None:
        if isinstance(self.source, Text):
            self._counts.want(self.source, self._session.draft.data.tokenizer, whole=True)
            self._show_counts(self.source)

    def _read_again(self) -> None:
        if isinstance(self.source, Text):
            self.reading_requested.emit(self.source)

    def _share_changed(self, share: float) -> None:
        draft = self._session.draft
        self._session.set_draft(draft.with_part(data=replace(draft.data, validation_share=min(share, 0.5))))
