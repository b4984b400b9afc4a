"""What a run teaches beside writing: adapters, classes, numbers, answers, preferences; sections of its config."""

from dataclasses import dataclass

from studio.core.knobs import Problem, knob

EVERYTHING = -1  # of `ClassifyConfig.trained_blocks`


@dataclass(frozen=True, kw_only=True)
class AdapterConfig:
    """Whether thin matrices are trained beside frozen weights (Hu et al. 2021), instead of the weights."""

    kind: str = knob(
        "none", "Adapter", "Train every weight, or only two thin matrices beside each layer of a frozen model.",
        choices=(("none", "None: train the weights"), ("lora", "LoRA"), ("qlora", "QLoRA: frozen in 4 bits")),
    )  # fmt: skip
    rank: int = knob(16, "Rank", "Width of the thin matrices: what they can express.", minimum=1, maximum=4_096)
    alpha: float = knob(
        16.0, "Alpha", "How much their product counts; it is divided by the rank unless chosen otherwise.",
        minimum=0.001, maximum=100_000.0,
    )  # fmt: skip
    dropout: float = knob(
        0.0, "Adapter dropout", "Share of the inputs set to zero on the way into an adapter while training.",
        minimum=0.0, maximum=0.9, advanced=True,
    )  # fmt: skip
    targets: str = knob(
        "all", "Layers", "Which layers get one: “all”, or names such as q_proj, v_proj; the output head by its own, "
        "lm_head.",
    )  # fmt: skip
    convention: str = knob(
        "alpha/rank", "Scale", "What the product is multiplied with.",
        choices=(("alpha/rank", "alpha / rank"), ("alpha/sqrt(rank)", "alpha / √rank (rsLoRA)"),
                 ("alpha", "alpha (the book's chapters 6 and 7)")),
        advanced=True,
    )  # fmt: skip

    @property
    def names(self) -> tuple[str, ...]:
        """The layers that are named, one by one."""
        return tuple(name.strip() for name in self.targets.split(",") if name.strip())

    def problems(self) -> list[Problem]:
        """At least one layer must be named."""
        return [] if self.kind == "none" or self.names else [Problem("targets", "No layer is named for the adapter.")]


@dataclass(frozen=True, kw_only=True)
class ClassifyConfig:
    """How a model learns to sort texts into classes."""

    balance: str = knob(
        "none", "Balance", "What is done where some classes have many more rows than others.",
        choices=(("none", "Leave as it is"), ("undersample", "Fewer of the large classes"),
                 ("oversample", "Small classes more often"), ("weights", "Small classes weigh more")),
    )  # fmt: skip
    read_at: str = knob(
        "last", "Reads at", "Which place of the text the classes are read from.",
        choices=(("last", "Last token of the text"), ("mean", "Mean of all tokens"), ("first", "First token"),
                 ("padded", "Last place, padding or not (the book)")),
    )  # fmt: skip
    trained_blocks: int = knob(
        1, "Trained", "How many of the last blocks learn, with the final norm and the head; 0 only the head, -1 all.",
        unit="blocks", minimum=EVERYTHING, maximum=1_024,
    )  # fmt: skip
    part: float = knob(
        1.0, "Part of the rows", "The share of the training rows that is learned from, to see whether more would help.",
        minimum=0.001, maximum=1.0, advanced=True,
    )  # fmt: skip
    pad_to: int = knob(
        0, "Pad to", "Length that every row is filled up to; 0 fills up to the longest row of a batch.",
        unit="tokens", minimum=0, maximum=1_048_576, advanced=True,
    )  # fmt: skip
    longest: int = knob(
        0, "Cut at", "Tokens of a text that are read; 0 means as many as the model sees at once.",
        unit="tokens", minimum=0, maximum=1_048_576, advanced=True,
    )  # fmt: skip
    causal_mask: bool = knob(True, "Looks back only", "Off, every token also sees what comes after it.", advanced=True)
    head_bias: bool = knob(False, "Bias in the head", "A learned offset for each class, as in the book.", advanced=True)
    multi_label: bool = knob(
        False, "Several at once", "A row may belong to several classes: its label lists them, parted by commas.",
        advanced=True,
    )  # fmt: skip
    labels: tuple[str, ...] = knob((), "Classes", "In the order of the head's outputs; empty: as found.", advanced=True)


@dataclass(frozen=True, kw_only=True)
class RegressConfig:
    """How a model learns to complete a text with a number."""

    question: str = knob("", "Question", "What stands before the text of a row; may be empty.")
    ending: str = knob("Price is $", "Ending", "What stands between the text and the number.")
    decimals: int = knob(
        0, "Decimals", "Digits behind the point that the model learns to write; measured is against the exact number.",
        minimum=0, maximum=6,
    )  # fmt: skip
    longest: int = knob(
        110, "Text cut at", "Tokens of a row's text that stay in the prompt.",
        unit="tokens", minimum=1, maximum=1_048_576,
    )  # fmt: skip
    top: int = knob(
        3, "Numbers weighed", "The guess is the mean of so many likeliest numbers, weighted by their probability.",
        minimum=1, maximum=1_000,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class InstructConfig:
    """How a model learns to answer."""

    template: str = knob("alpaca", "Template", "How question and answer are laid out for the model.")
    template_text: str = knob(
        "", "Own template", "The text of a template of one's own, kept with the run.", advanced=True
    )
    learn: str = knob(
        "answers", "Learns", "What counts in the loss.",
        choices=(("answers", "The answers only"), ("everything", "Questions and answers")),
    )  # fmt: skip
    batching: str = knob(
        "pad", "Batches", "Short rows are filled up, or several stand in one row without seeing each other.",
        choices=(("pad", "Pad to the longest"), ("pack", "Pack whole conversations")), advanced=True,
    )  # fmt: skip
    longest: int = knob(
        0, "Cut at", "Tokens of a row that are read; 0 means as many as the model sees at once.",
        unit="tokens", minimum=0, maximum=1_048_576, advanced=True,
    )  # fmt: skip
    canaries: tuple[str, ...] = knob(
        (),
        "Canary prompts",
        "Asked at every checkpoint, to see early what a model must not come to say.",
        advanced=True,
    )


@dataclass(frozen=True, kw_only=True)
class PreferConfig:
    """How a model learns which of two answers is liked better (Rafailov et al. 2023)."""

    beta: float = knob(
        0.1, "Beta", "How dear it is to move away from the model it began as; smaller lets it move further.",
        minimum=0.0001, maximum=100.0,
    )  # fmt: skip
