"""What happens between the layers: half-finished answers, the numbers behind the next token, a network's health."""

from studio.lenses.attribution_view import AttributionView
from studio.lenses.compare_view import CompareView
from studio.lenses.laboratory_view import LaboratoryView
from studio.lenses.lens_view import LensView
from studio.lenses.stream_view import StreamView
from studio.probes.landscape_view import LandscapeView
from studio.probes.loss_view import LossView
from studio.probes.neurons_view import NeuronsView
from studio.probes.taxonomy_view import TaxonomyView
from studio.probes.weights_view import WeightsView
from studio.seeing.scene_page import ScenePage
from studio.seeing.view import SceneView

PURPOSE = "What the model would say after each layer, what moves it there, and how it came to be."
IDEA = (
    "A model does not answer at once. Each layer adds to a stream of numbers, and the last one is read as the next "
    "token. The logit lens reads the stream early: what would the model say if it ended here?\n\n"
    "Whatever is added can be followed: which head pushed the answer up, which neuron fired, how large the stream has "
    "grown, and when in the training that began.\n\n"
    "Every number is computed by the model itself on the text above, and the line below says from which weights."
)


class LensesPanel(ScenePage):
    """The views of the Lenses page, in the order of its switch."""

    name = "lenses"
    heading = "Lenses"
    about = PURPOSE
    idea_words = IDEA
    views: tuple[type[SceneView], ...] = (
        LensView,
        LaboratoryView,
        AttributionView,
        StreamView,
        NeuronsView,
        TaxonomyView,
        WeightsView,
        LossView,
        LandscapeView,
        CompareView,
    )
