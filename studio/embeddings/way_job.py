"""Asks for the ways of a run's tokens: through its checkpoints, or through the snapshots that it kept."""

from studio.core.language import tr
from studio.embeddings.way_tools import WayWish
from studio.live.jobs import Job
from studio.live.looking import Looking
from studio.store.snapshots import FOLDER, folder_name

OF_RUN = "studio.insight.journey:journey_of_run"
OF_SNAPSHOTS = "studio.insight.journey:journey_of_snapshots"
_LANE = "embeddings ways"
_SHORT = 4  # checkpoints up to which nobody needs to be told that something is computed


def start_way(looking: Looking, wish: WayWish) -> Job:
    """The job whose result is insight's `Journey` of the run that is looked at."""
    scene, film = looking.scene, looking.film
    if wish.kept:
        folders = [scene.folder.parent.parent / FOLDER / folder_name(step) for step in film.steps]
        return looking.ask(OF_SNAPSHOTS, folders, scene.config.model.vocab_size, lane=_LANE)
    title = tr("Ways of the embeddings") if len(film.kept.checkpoints) > _SHORT else ""
    return looking.ask(OF_RUN, scene.folder.parent, wish.source, (wish.basis, wish.turned), lane=_LANE, title=title)
