"""Adapters of a loaded model, taken off and written so that they can be laid on again."""

import pytest
import torch

from studio.core.errors import StudioError
from studio.engine.worn import take_off, write_adapter
from tests.engine.adapted_models import TEXT, loaded_model, with_adapter

pytestmark = pytest.mark.torch


def test_taken_off_the_model_says_what_it_said_before():
    bare, worn = loaded_model(), with_adapter(loaded_model())
    before = bare.next_logits(TEXT).logits
    assert not (worn.next_logits(TEXT).logits == before).all()
    take_off(worn, "prices")
    assert (worn.next_logits(TEXT).logits == before).all()
    with pytest.raises(StudioError, match="no adapter “prices”"):
        take_off(worn, "prices")


@pytest.mark.parametrize("form", ["atelier", "peft"])
def test_a_written_adapter_is_laid_on_again(form, tmp_path):
    worn, bare = with_adapter(loaded_model("llama")), loaded_model("llama")
    assert write_adapter(worn, "prices", tmp_path / "out", form) == tmp_path / "out"
    bare.lay(tmp_path / "out")
    torch.testing.assert_close(bare.next_logits(TEXT).logits, worn.next_logits(TEXT).logits, atol=1e-5, rtol=1e-5)
