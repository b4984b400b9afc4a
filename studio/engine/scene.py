"""A model at rest and what it computes on a text: what every picture of the inside is drawn from."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from studio.core.config import RunConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.opening import Opened, open_merged
from studio.insight.capture import Capture, capture
from studio.insight.reading import blocks, heads_of, window_of
from studio.layers.decoder import Decoder
from studio.store.checkpoints import MANIFEST
from studio.store.files import read_json
from studio.store.project import Project
from studio.store.shards import find_shards
from studio.store.starts import cut_with
from studio.tokenizers import Tokenizer

KeepGoing = Callable[[], bool]
DEFAULT_TOKENS = 64  # of a text that nobody typed
ENOUGH = 16  # tokens from which the samples' prompt shows something
EXAMPLE = "Once upon a time, there was a little girl who liked to play with her dog in the garden. One day, the dog"


@dataclass(frozen=True)
class Scene:
    """Everything in it is read-only; opaque above the Qt line. `tokens` has one text for each place of the window.

    `error` is the largest |A·V − z| of all heads, how far the maps are from what the network computed; NaN is NaN.
    """

    folder: Path
    title: str
    step: int
    prompt: str
    config: RunConfig
    tokenizer: Tokenizer | None
    model: Decoder
    capture: Capture
    tokens: tuple[str, ...]
    ids: tuple[int, ...]  # of the whole prompt; `capture.ids` are those of the window
    checksum: str  # of the weights, as their folder's list of files has it; "" when unknown
    error: float
    exact: bool  # whether that is as close as the number format allows

    @property
    def time(self) -> int:
        """Tokens that are shown."""
        return len(self.tokens)

    @property
    def layers(self) -> int:
        """Blocks of the network."""
        return len(self.model.layers)

    @property
    def heads(self) -> int:
        """Query heads of a block."""
        return heads_of(next(blocks(self.model)).self_attn)

    @property
    def precision(self) -> str:
        """The number format of the weights, as people write it."""
        return {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}[str(self.capture.precision).split(".")[-1]]


@dataclass(frozen=True)
class Sight:
    """What a wish came to: a model, perhaps another one beside it, else why the two cannot be compared."""

    scene: Scene
    other: Scene | None = None
    refusal: StudioError | None = None


def see(
    first: Scene | Path,
    second: Scene | Path | None = None,
    prompt: str = "",
    start: int = 0,
    keep_going: KeepGoing = lambda: True,
) -> Sight:
    """Open or read again what is needed, so that both show `prompt` from token `start` on; "" is the model's own text.

    A start below zero shows the end of it. A second one that cannot be opened or compared is left out, with the reason.
    """
    scene = _brought(first, prompt, start, keep_going)
    if second is None:
        return Sight(scene)
    if _folder(second) == scene.folder:  # one model, read once: its differences are zero and not merely small
        return Sight(scene, scene)
    try:
        other = _brought(second, scene.prompt, scene.capture.window.start, keep_going)
        comparable(scene, other)
    except StudioError as error:
        return Sight(scene, None, error)
    return Sight(scene, other)


def _folder(wanted: Scene | Path) -> Path:
    return wanted.folder if isinstance(wanted, Scene) else wanted


def _brought(wanted: Scene | Path, prompt: str, start: int, keep_going: KeepGoing) -> Scene:
    if isinstance(wanted, Path):
        return open_scene(wanted, prompt, start, keep_going)
    if _checksum(wanted.folder) not in ("", wanted.checksum):  # written again meanwhile; what is gone stays in memory
        return open_scene(wanted.folder, prompt, start, keep_going)
    same = (prompt, start) == (wanted.prompt, wanted.capture.window.start)
    return wanted if same else read_again(wanted, prompt, start, keep_going)


def open_scene(folder: Path, prompt: str = "", start: int = 0, keep_going: KeepGoing = lambda: True) -> Scene:
    """Load the model in `folder` in fp32 and read `prompt`; an empty one is chosen from what the model learned.

    On the CPU: the pictures need the numbers there, and a run may need every byte of the accelerator.
    """
    checksum = _checksum(folder)  # first: weights that are replaced meanwhile are then noticed at the next look
    opened = open_merged(folder, "cpu", keep_going)
    opened.model.eval()
    text = prompt or default_prompt(folder, opened)
    ids = ids_of(opened.tokenizer, text)
    return _read(opened, folder, text, ids, start, checksum)


def read_again(scene: Scene, prompt: str, start: int = 0, keep_going: KeepGoing = lambda: True) -> Scene:
    """The same model on another text, or on another window of it."""
    opened = Opened(scene.model, scene.config, scene.tokenizer, scene.title, scene.step)
    text = prompt or default_prompt(scene.folder, opened)
    return _read(opened, scene.folder, text, ids_of(scene.tokenizer, text), start, scene.checksum)


def _read(opened: Opened, folder: Path, text: str, ids: Sequence[int], start: int, checksum: str) -> Scene:
    """One forward pass over the window that begins at `start`: no longer than the context, also where places turn."""
    longest = min(opened.config.model.context_length, window_of(opened.model, len(ids)).end)
    start = max(0, len(ids) - longest) if start < 0 else min(start, max(0, len(ids) - 1))
    seen = capture(opened.model, ids[: start + longest], start)
    seen = replace(seen, window=replace(seen.window, total=len(ids)))
    return Scene(
        folder=folder,
        title=opened.title,
        step=opened.step,
        prompt=text,
        config=opened.config,
        tokenizer=opened.tokenizer,
        model=opened.model,
        capture=seen,
        tokens=spelled(opened.tokenizer, seen.ids),
        ids=tuple(ids),
        checksum=checksum,
        error=float(seen.errors.max()),
        exact=seen.exact,
    )


def comparable(a: Scene, b: Scene) -> None:
    """Refuse two scenes that cannot be laid over one another, with the reason."""
    if _vocabulary(a) != _vocabulary(b):
        raise StudioError(
            tr("“{a}” and “{b}” cut text into tokens differently.", a=a.title, b=b.title),
            tr("Compare models with the same tokenizer: only then do places and tokens mean the same."),
        )
    if a.capture.ids != b.capture.ids:
        raise StudioError(
            tr("“{a}” sees {first} tokens of this text, “{b}” sees {second}.",
               a=a.title, b=b.title, first=f"{a.time:,}", second=f"{b.time:,}"),
            tr("Shorten the text to {count} tokens.", count=f"{min(a.time, b.time):,}"),
        )  # fmt: skip
    if (a.layers, a.heads) != (b.layers, b.heads):
        raise StudioError(
            tr("“{a}” has {layers} layers of {heads} heads, “{b}” has {others} of {more}.",
               a=a.title, b=b.title, layers=a.layers, heads=a.heads, others=b.layers, more=b.heads),
            tr("Compare models of the same shape: a head has no counterpart in the other one otherwise."),
        )  # fmt: skip


def _vocabulary(scene: Scene) -> str:
    return scene.tokenizer.fingerprint if scene.tokenizer is not None else f"{scene.config.model.vocab_size}"


# --- texts ----------------------------------------------------------------------------------------------------------


def ids_of(tokenizer: Tokenizer | None, text: str) -> list[int]:
    """The ids of a text; of a model that came without a tokenizer the text is a list of them: 1, 403, 7."""
    if tokenizer is not None:
        return [*getattr(tokenizer, "prefix", ()), *tokenizer.encode(text)]
    try:
        return [int(word) for word in text.replace(",", " ").split()]
    except ValueError as error:
        raise StudioError(
            tr("This model came without a tokenizer."), tr("Type the numbers of tokens, such as 1, 403, 7.")
        ) from error


def spelled(tokenizer: Tokenizer | None, ids: Sequence[int]) -> tuple[str, ...]:
    """Each token as it stands in a text, blanks kept; bytes that are no character as ⟨E2⟩, unknown ids as #7."""
    if tokenizer is None:
        return tuple(f"#{number}" for number in ids)
    return tuple(
        _text_of(tokenizer.token_bytes(number)) if number < tokenizer.vocab_size else f"#{number}" for number in ids
    )


def _text_of(data: bytes) -> str:
    letters = data.decode("utf-8", "surrogateescape")
    return "".join(f"⟨{ord(one) - 0xDC00:02X}⟩" if 0xDC80 <= ord(one) <= 0xDCFF else one for one in letters)


def default_prompt(folder: Path, opened: Opened) -> str:
    """What a model is shown with before anybody typed: what its run watches, else held-back text; never empty."""
    tokenizer = opened.tokenizer
    if tokenizer is None:
        return ", ".join(str(number) for number in range(min(8, opened.config.model.vocab_size)))
    own, watched = opened.config.sampling.prompt, opened.config.watch.prompt
    candidates: tuple[tuple[Callable[[], str], int], ...] = (
        (lambda: watched, 1), (lambda: own, ENOUGH), (lambda: _held_back(folder, opened), 2), (lambda: own, 2),
        (lambda: EXAMPLE, 2),
    )  # fmt: skip
    for candidate, least in candidates:
        with suppress(StudioError):  # what the vocabulary cannot say or nobody can read is no reason not to look
            text = candidate()
            if len(tokenizer.encode(text)) >= least:
                return text
    return tokenizer.decode(list(range(min(8, tokenizer.vocab_size)))) or own or EXAMPLE


def _held_back(folder: Path, opened: Opened) -> str:
    """The beginning of what a checkpoint's run measures itself on, as far as its project still has it."""
    data, tokenizer = opened.config.data, opened.tokenizer
    if tokenizer is None or len(folder.parents) < 4:
        return ""
    try:
        project = Project.open(folder.parents[3])  # PROJECT/runs/RUN/checkpoints/STEP
    except StudioError:
        return ""
    known = {text.name: text for text in project.texts()}
    text = known.get(data.text) or known.get(Path(data.text).stem)
    if text is None:
        return ""
    shards = find_shards(text, cut_with(folder, opened.config), data.validation_share, project.tokens_folder)
    if shards is None:
        return ""
    return beginning(tokenizer, shards.validation() if shards.validation_tokens else shards.training())


def beginning(tokenizer: Tokenizer, stream: npt.NDArray[Any]) -> str:
    """The first whole sentences of a text that is given as ids, `DEFAULT_TOKENS` long."""
    shown = tokenizer.decode(stream[: 4 * DEFAULT_TOKENS].tolist())
    _, _, sentence = shown.partition(". ")  # the cut of the text may have gone through one
    return tokenizer.decode(tokenizer.encode(sentence or shown)[:DEFAULT_TOKENS])


def _checksum(folder: Path) -> str:
    """SHA-256 of the weights from the list of files beside them."""
    try:
        manifest: Any = read_json(folder / MANIFEST)
        files = manifest["files"]
        return str((files.get("model.safetensors") or files["adapter.safetensors"])["sha256"])
    except (StudioError, KeyError, TypeError):
        return ""
