"""The shape of a model that still lies on a hub, from its `config.json` alone."""

from collections.abc import Mapping
from typing import Any

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.core.shelf import FAMILIES
from studio.gate.names import visible


def shape_of(outside: Mapping[str, Any]) -> ModelConfig:
    """What the import would compute; a model that it would refuse is refused before anything is fetched."""
    kind = outside.get("model_type")
    known = {word: family for family in map(FAMILIES.load, FAMILIES.names()) for word in family.model_types}
    if not isinstance(kind, str) or kind not in known:
        raise StudioError(
            tr("Atelier does not compute models of the kind “{kind}”.", kind=visible(str(kind or "?"), 40)),
            tr("It computes: {kinds}.", kinds=", ".join(sorted(known))),
        )
    if outside.get("quantization_config"):
        raise StudioError(
            tr("The weights of this model are quantized."),
            tr("Choose the copy of the model that is not quantized, or a GGUF file."),
        )
    another = tr("Choose another copy of the model.")
    try:
        config: ModelConfig = known[kind].from_outside(outside)
    except StudioError as error:
        raise StudioError(error.message, error.hint or another) from error
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, ArithmeticError) as error:
        raise StudioError(
            tr("The model's description holds values that no {family} model has.", family=known[kind].label),
            another,
        ) from error
    return config
