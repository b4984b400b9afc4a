"""Where every head of every layer looks: all of them at once, one of them large, and one computed step by step."""

from studio.attention.ablation_view import AblationView
from studio.attention.heads_view import HeadsView
from studio.attention.lines_view import LinesView
from studio.seeing.scene_page import ScenePage
from studio.steps.query_key_view import QueryKeyView
from studio.steps.rollout_view import RolloutView
from studio.steps.steps_view import StepsView

PURPOSE = "Where every head of every layer looks, on your text, at any moment of the training."
IDEA = (
    "To write the next token a model looks back. Each head asks a question (its query), every earlier token offers an "
    "answer (its key), and where the two match the head takes over what stands there (its value).\n\n"
    "A row is the token that asks, a column the token that is looked at; each row adds up to 1. Heads find their own "
    "trades during training: the token before, the first token, or whatever followed the same word last time.\n\n"
    "That a head looks somewhere does not prove that the model needs it. Take the head away and see what changes."
)


class AttentionPanel(ScenePage):
    """The views of the Attention page, in the order of its switch."""

    name = "attention"
    heading = "Attention"
    about = PURPOSE
    idea_words = IDEA
    views = (HeadsView, LinesView, StepsView, QueryKeyView, RolloutView, AblationView)
