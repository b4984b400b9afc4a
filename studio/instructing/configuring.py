"""The Configure mode at work: draft, rows and templates behind its view, and what keeps a run from starting."""

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.instructing.draft import InstructDraft, with_rows
from studio.instructing.offers import datasets_for, fitting, sample_for, starts_for, tokenizers_for
from studio.instructing.plan import need_of, start_words
from studio.instructing.rows_keeper import RowsKeeper
from studio.instructing.rows_seen import Source
from studio.instructing.setup_view import SetupView
from studio.instructing.template_desk import TemplateDesk
from studio.live.session import Session
from studio.widgets.look import Look
from studio.widgets.primary_button import Press


class Configuring(QObject):
    """`said` tells that the button may be another one, `start_wanted` carries a config that can run."""

    said = Signal()
    refused = Signal(object)  # StudioError
    start_wanted = Signal(object)  # RunConfig
    source_changed = Signal(object)  # Source | None: the rows as the saved draft reads them

    def __init__(self, session: Session, look: Look, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._typed = ""  # a template that is being written, for the preview
        self.view = SetupView(look)
        self.draft, self.keeper = InstructDraft(session, self), RowsKeeper(session, self)
        self.desk = TemplateDesk(session, self)
        view, keeper, desk = self.view, self.keeper, self.desk
        self.draft.changed.connect(self.show)
        keeper.changed.connect(self._show_rows)
        keeper.painted.connect(view.painted.set_rows)
        keeper.batch_ready.connect(view.painted.set_batch)
        keeper.looking.connect(view.survey.follow)
        desk.changed.connect(self.show)
        desk.saved.connect(self._template_saved)
        desk.deleted.connect(self._template_deleted)
        desk.failed.connect(self.refused)
        view.edited.connect(self.draft.set)
        view.start_chosen.connect(self.choose_start)
        view.data_wanted.connect(self._open_data)
        view.painted.rows_wanted.connect(keeper.paint)
        view.painted.batch_wanted.connect(keeper.want_batch)
        view.template.typed.connect(self._preview)
        view.template.save_requested.connect(desk.save)
        view.template.delete_requested.connect(desk.delete)

    # --- showing ----------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Show the draft, and follow its rows."""
        project = self._session.project
        if fits := fitting(project, self.draft.config.objective):
            self.draft.suggest(fits[0])
        config = self.draft.config
        self.desk.follow(config.start_from)
        datasets = datasets_for(project, config.objective)
        self.view.set_choices(datasets, starts_for(self._session), tokenizers_for(project))
        self.view.set_draft(config)
        self.view.template.set_draft(config.instruct.template, self.desk.templates)
        self._follow_rows()
        self._show_rows()

    @property
    def source(self) -> Source | None:
        """The rows as the saved draft reads them."""
        return None if self._typed else self.keeper.source

    def _follow_rows(self) -> None:
        config = self.draft.config
        if self._typed:
            written = replace(config.instruct, template="-", template_text=self._typed)
            self.keeper.follow(config.with_part(instruct=written), whole=False)
        else:
            self.keeper.follow(config)

    def _show_rows(self) -> None:
        keeper, waiting = self.keeper, self._waiting()
        self.view.show_source(keeper.source, waiting)
        self.view.show_seen(keeper.seen, keeper.trouble, waiting)
        if not self._typed:
            self.source_changed.emit(keeper.source)
        self.said.emit()

    def _waiting(self) -> str:
        """What stands where rows will be."""
        if self.keeper.trouble is not None:
            return tr("These rows cannot be painted yet; what is wrong with them stands below.")
        if self.draft.config.data.dataset:
            return tr("The survey follows once the template is saved.") if self._typed else tr("Opening the dataset…")
        return tr("Choose a dataset at the right, and its rows stand here as the model will read them, before anything "
                  "is trained.")  # fmt: skip

    # --- templates and models ---------------------------------------------------------------------------------------

    def _preview(self, text: str) -> None:
        self._typed = text
        self._follow_rows()

    def _template_saved(self, name: str) -> None:
        self.view.template.close_editor()
        self.keeper.forget()
        self._take_template(name)

    def _template_deleted(self, name: str) -> None:
        if self.draft.config.instruct.template == name:
            self._take_template("alpaca")

    def _take_template(self, name: str) -> None:
        instruct = replace(self.draft.config.instruct, template=name, template_text="")
        self.draft.set(self.draft.config.with_part(instruct=instruct))
        self.show()

    def choose_start(self, name: str) -> None:
        """Begin with a model by its name, with a run's checkpoint, or with random weights."""
        try:
            self.draft.start_from(name)
        except StudioError as error:
            self.refused.emit(error)
            self.show()

    # --- the button -------------------------------------------------------------------------------------------------

    @property
    def press(self) -> Press:
        """The one thing to do next."""
        config, keeper, project = self.draft.config, self.keeper, self._session.project
        if project is None or not config.data.dataset:
            if project is not None and not datasets_for(project, config.objective):
                name, label = sample_for(config.objective)
                return tr("Take the sample “{label}”", label=label), partial(self._take_sample, name, label), True
            return tr("Choose a dataset first"), self._open_data, True
        if self._typed:
            return tr("Save the template first"), self.view.template.text.setFocus, True
        if keeper.trouble is not None or (keeper.seen is not None and keeper.seen.refused is not None):
            return tr("Mend the rows first"), self._open_data, True
        if need := need_of(config):
            return need, self._go_to_model, True
        behind = self._session.running.name if self._session.running is not None else ""
        return start_words(config, keeper.seen, behind), self._start, keeper.seen is not None

    def _take_sample(self, name: str, label: str) -> None:
        job = self._session.datasets.add_sample(name, label)
        job.succeeded.connect(self._sample_taken)

    def _sample_taken(self, dataset: Any) -> None:
        self.draft.set(with_rows(self.draft.config, dataset))
        self.show()

    def _open_data(self) -> None:
        chosen = self.draft.config.data.dataset
        if not chosen and datasets_for(self._session.project, self.draft.config.objective):
            self.view.dataset.setFocus()
            self.view.dataset.showPopup()
        else:
            self._session.focus("data", chosen or None)

    def _go_to_model(self) -> None:
        if self.draft.config.start_from:
            self.view.adapter.focus_on("adapter.kind")
        elif starts_for(self._session):
            self.view.start.setFocus()
            self.view.start.showPopup()
        else:
            self._session.focus("models")

    def _start(self) -> None:
        if problems := self.view.problems:
            self.refused.emit(StudioError(tr("A setting cannot be used yet."), problems[0].message))
        else:
            config: RunConfig = self.draft.config
            self.start_wanted.emit(config)
