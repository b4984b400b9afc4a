"""What changes when a part of a scene's model is taken away or replaced: loss, divergence and text."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.scene import Scene, ids_of
from studio.insight.ablation import Change, Place, ablate, all_heads, all_parts, sweep

KeepGoing = Callable[[], bool]
TOKENS = 24  # that are written before and after


@dataclass(frozen=True)
class Effect:
    """One part's change; losses in nats a token over `predictions`. Texts are None until they were written."""

    part: str
    layer: int
    index: int
    loss_before: float
    loss_after: float
    divergence: float
    predictions: int
    text_before: str | None = None
    text_after: str | None = None

    @property
    def harm(self) -> float:
        """How much the loss rose."""
        return self.loss_after - self.loss_before


def effect(
    scene: Scene, place: tuple[str, int, int], how: tuple[str, str], keep_going: KeepGoing = lambda: True
) -> Iterator[Effect]:
    """One part, named (part, layer, index): the change of loss at once, then the same with both texts.

    `how` is (zero, mean or own, "") or ("other", the text whose values stand in); own changes nothing.
    """
    model, wanted, instead = scene.model, Place(place[1], place[0], place[2]), _instead(scene, how)
    yield _told(scene, ablate(model, scene.capture.ids, wanted, instead))
    if keep_going():
        yield _told(scene, ablate(model, scene.capture.ids, wanted, instead, TOKENS), written=True)


def effects(
    scene: Scene,
    kind: str,
    how: tuple[str, str],
    keep_going: KeepGoing = lambda: True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Effect]:
    """Every head (kind "head"), or every attention, feed-forward part and layer ("part"), one after the other."""
    model = scene.model
    places = all_heads(model) if kind == "head" else all_parts(model)
    for found in sweep(model, scene.capture.ids, places, _instead(scene, how), keep_going):
        progress(found.done, found.total)
        yield _told(scene, found.change)


def effect_beside(
    scenes: Sequence[Scene], place: tuple[str, int, int], how: tuple[str, str], keep_going: KeepGoing = lambda: True
) -> Iterator[tuple[int, Effect]]:
    """`effect` in several models, each told with its number among them."""
    for found in zip(*(effect(scene, place, how, keep_going) for scene in scenes), strict=False):
        yield from enumerate(found)


def effects_beside(
    scenes: Sequence[Scene],
    kind: str,
    how: tuple[str, str],
    keep_going: KeepGoing = lambda: True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[tuple[int, Effect]]:
    """`effects` of several models of one shape: each part in all of them before the next part."""
    for found in zip(*(effects(scene, kind, how, keep_going, progress) for scene in scenes), strict=False):
        yield from enumerate(found)


def _instead(scene: Scene, how: tuple[str, str]) -> str | Sequence[int]:
    if how[0] != "other":
        return how[0]
    if not how[1].strip():
        raise StudioError(tr("There is no other text yet."), tr("Type one whose values shall take the place."))
    return ids_of(scene.tokenizer, how[1])


def _told(scene: Scene, change: Change, written: bool = False) -> Effect:
    place = change.place
    texts = tuple(_spelled(scene, ids) for ids in (change.text_before, change.text_after)) if written else (None, None)
    return Effect(
        place.part, place.layer, place.index, change.loss_before, change.loss_after, change.divergence,
        len(scene.capture.ids) - 1, *texts,
    )  # fmt: skip


def _spelled(scene: Scene, ids: Sequence[int]) -> str:
    return scene.tokenizer.decode(ids) if scene.tokenizer is not None else ", ".join(map(str, ids))
