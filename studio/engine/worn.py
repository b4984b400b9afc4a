"""Adapters that a loaded model wears, as actions of a page: taken off, and written to the disk."""

from pathlib import Path

from studio.core.config import ModelConfig
from studio.core.errors import StudioError
from studio.core.language import tr
from studio.engine.adapters import export_peft, save_adapter
from studio.engine.loaded import LoadedModel
from studio.layers.decoder import Decoder
from studio.layers.lora import adapter_names, remove_lora

FORMS = ("atelier", "peft")


def take_off(loaded: LoadedModel, name: str) -> None:
    """Take an adapter away; with the last one gone the layers are the very ones of before."""

    def act(model: Decoder, _: ModelConfig) -> None:
        if name not in adapter_names(model):
            raise StudioError(tr("The model has no adapter “{name}”.", name=name), tr("It was taken away before."))
        remove_lora(model, name)

    loaded.change(act)


def write_adapter(loaded: LoadedModel, name: str, folder: Path, form: str) -> Path:
    """Write an adapter as the new folder `folder`, for Atelier ("atelier") or for `peft` ("peft"); returns it."""

    def act(model: Decoder, config: ModelConfig) -> None:
        if form == "peft":
            export_peft(model, config, name, folder, loaded.title)
        else:
            save_adapter(model, name, folder, loaded.title)

    loaded.change(act)
    return folder
