"""Which model is meant: a run, one of its checkpoints, an imported model, or what another page hands over."""

from collections.abc import Sequence

from studio.core.language import tr
from studio.live.looking import Glance, Subject
from studio.live.run_model import RunModel
from studio.live.session import Session
from studio.store.checkpoints import CheckpointInfo
from studio.store.library import Entry, entries_of

BEST, NEWEST = 0, -1  # no checkpoint is saved at these steps


def of_checkpoint(run: RunModel, info: CheckpointInfo) -> Subject:
    """One checkpoint of a run."""
    return Subject(info.folder, tr("{run} · step {step:,}", run=run.name, step=info.step), run.name, info.step)


def of_entry(entry: Entry) -> Subject:
    """A model of the Models page; of another project's run, too."""
    return Subject(entry.folder, entry.title, entry.run, entry.step)


def chosen(infos: Sequence[CheckpointInfo], step: int) -> CheckpointInfo | None:
    """The checkpoint at `step`, the best or the newest one; the best where there is none at that step."""
    if not infos:
        return None
    if step == NEWEST:
        return infos[-1]
    best = next((info for info in infos if info.best), infos[-1])
    return next((info for info in infos if info.step == step), best)


def of_run(run: RunModel, step: int = BEST) -> Subject | None:
    """A run's checkpoint; None before its first one."""
    info = chosen(run.record.checkpoints(), step)
    return of_checkpoint(run, info) if info is not None else None


def default_subject(session: Session) -> Subject | None:
    """What is looked at before anybody chose: the newest run's best checkpoint, of a living one the newest."""
    for run in reversed(session.runs.values()):
        if (found := of_run(run, NEWEST if run.living else BEST)) is not None:
            return found
    entries = entries_of(session.project)
    return of_entry(entries[0]) if entries else None


def glance_at(session: Session, thing: object) -> Glance:
    """What a page was asked to show: a `Glance`, a subject, a run or its name, a (run, step), or a model."""
    if isinstance(thing, Glance):
        return thing
    if isinstance(thing, Subject):
        return Glance(thing)
    if isinstance(thing, Entry):
        return Glance(of_entry(thing))
    name, step = thing if isinstance(thing, tuple) and len(thing) == 2 else (getattr(thing, "name", thing), BEST)
    run = session.runs.get(str(name))
    return Glance(of_run(run, int(step)) if run is not None else None)
