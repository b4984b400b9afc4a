"""Every token of the vocabulary as a point: near means used alike."""

from studio.embeddings.map_view import MapView
from studio.embeddings.positions_view import PositionsView
from studio.embeddings.trajectories_view import TrajectoriesView
from studio.seeing.scene_page import ScenePage
from studio.seeing.view import SceneView

PURPOSE = "Every token of the vocabulary as a point; near means used alike."
IDEA = (
    "Before anything is computed each token becomes a list of numbers, its embedding. Training moves tokens that are "
    "used alike towards one another; nobody tells the model which ones those are.\n\n"
    "A picture has two or three directions, the model hundreds. PCA shows those in which the points differ most; t-SNE "
    "keeps neighbours together and makes no promise about anything farther away. Neighbours in the table are therefore "
    "always looked up in all dimensions, never in the picture."
)


class EmbeddingsPanel(ScenePage):
    """The views of the Embeddings page, in the order of its switch."""

    name = "embeddings"
    heading = "Embeddings"
    about = PURPOSE
    idea_words = IDEA
    views: tuple[type[SceneView], ...] = (MapView, TrajectoriesView, PositionsView)
