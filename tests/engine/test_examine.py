"""The examination of a device: right arithmetic passes, wrong arithmetic is caught, a broken device is only a row."""

import dataclasses
import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from studio.engine import examine as examination
from studio.engine.examine import CHECKS, SHAPE, TRAINING, Check, adamw_step, checks_for, examine, judge, truth
from studio.engine.optimize import optimizer_for

pytestmark = pytest.mark.torch
BY_NAME = {check.what: check for check in CHECKS}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two large products at a size that costs nothing."""
    monkeypatch.setattr(examination, "HEAD", (8, 16, 300))
    monkeypatch.setattr(examination, "STACK", (3, 200, 25))


def test_the_cpu_computes_what_float64_says(small: None) -> None:
    rows = list(examine(["cpu"]))
    assert [row["verdict"] for row in rows] == ["good"] * len(checks_for("cpu"))
    assert all(0 < row["error"] <= row["tolerance"] / 4 for row in rows), "a tolerance is close to what is normal"
    assert all(type(value) in (str, float) for row in rows for value in row.values())


def test_bf16_stays_within_its_tolerance_and_is_not_secretly_fp32() -> None:
    for what in ("Forward in bf16", "Backward in bf16"):
        row = judge("cpu", BY_NAME[what])
        assert row.verdict == "good"
        assert row.error is not None
        assert row.error > BY_NAME["Backward: gradients"].tolerance


def test_a_recorded_step_is_held_against_float64_on_cuda_and_its_mistakes_are_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check = BY_NAME["A token by a CUDA graph"]
    assert check in checks_for("cuda:0")
    monkeypatch.setattr(examination, "recorded", lambda launch: launch)
    assert judge("cpu", check).verdict == "good"
    monkeypatch.setattr(examination, "recorded", lambda launch: lambda: None)
    assert judge("cpu", check).verdict == "wrong"


def test_checks_in_bf16_are_made_where_runs_would_choose_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "has_fast_bf16", lambda kind: kind == "cpu")
    assert len(checks_for("cpu")) == len(CHECKS) - 1  # a graph is for CUDA only
    assert len(checks_for("mps")) == len(CHECKS) - 4  # and loops are for the CPU
    monkeypatch.setattr(examination, "LOOPS", False)
    assert len(checks_for("cpu")) == len(CHECKS) - 2


def test_the_right_values_agree_with_torchs_own_optimizer_in_float64() -> None:
    right = truth()
    model = examination.network(right.weights, "cpu", torch.float64)
    torch.autograd.backward(F.cross_entropy(model(right.ids[:, :-1]).flatten(0, 1), right.ids[:, 1:].flatten()))
    optimizer_for(model, TRAINING).step()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.detach(), right.stepped[name], rtol=0, atol=1e-12)


def test_a_first_step_moves_by_the_learning_rate_and_decays_only_matrices() -> None:
    ones = torch.ones(2, 2, dtype=torch.float64)
    decayed = 1 - TRAINING.learning_rate * TRAINING.weight_decay - TRAINING.learning_rate
    assert adamw_step(ones, 5 * ones)[0, 0].item() == pytest.approx(decayed, abs=1e-10)
    assert adamw_step(ones[0], -ones[0])[0].item() == pytest.approx(1 + TRAINING.learning_rate, abs=1e-10)


def test_the_small_model_leaves_no_part_of_itself_out() -> None:
    right = truth()
    assert all(bool(gradient.abs().max() > 0) for gradient in right.gradients.values())
    assert right.loss == pytest.approx(math.log(SHAPE.vocab_size), rel=0.5)
    assert right.loss_after < right.loss


def test_the_global_randomness_is_left_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    truth.cache_clear()
    truth()
    assert torch.equal(torch.rand(1), expected)


# --- what is wrong must be seen -------------------------------------------------------------------------------------


def wrong(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Change what the device's network holds, as a kernel that computes wrongly would."""
    honest = examination.network
    right = truth()

    def spoiled(weights: Any, device: str, dtype: torch.dtype = torch.float32) -> Any:
        model = honest(weights, device, dtype)
        with torch.no_grad():
            change(dict(model.named_parameters()))
        return model

    assert right.weights
    monkeypatch.setattr(examination, "network", spoiled)


def test_one_head_off_by_a_hundredth_is_caught_by_every_check_of_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong(monkeypatch, lambda named: named["layers.1.self_attn.v_proj.weight"][:16].mul_(1.01))
    for what in ("Forward: logits", "Forward: loss", "Backward: gradients", "Loss after a whole step"):
        assert judge("cpu", BY_NAME[what]).verdict == "wrong", what


def test_products_in_tf32_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def rounded(named: dict[str, torch.Tensor]) -> None:
        for weight in named.values():
            bits = weight.view(torch.int32)
            bits.bitwise_and_(-(1 << 13))  # ten bits of mantissa, as tensor cores keep

    wrong(monkeypatch, rounded)
    assert judge("cpu", BY_NAME["Forward: logits"]).verdict == "wrong"


def test_values_that_are_not_numbers_are_wrong_and_not_nearly_right(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong(monkeypatch, lambda named: named["norm.weight"].fill_(float("nan")))
    for what in ("Forward: logits", "Backward: gradients", "One step of AdamW"):
        row = judge("cpu", BY_NAME[what])
        assert (row.verdict, row.error) == ("wrong", math.inf)


def test_a_step_that_forgets_the_decay_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    truth()
    careless = dataclasses.replace(TRAINING, weight_decay=0.0)
    monkeypatch.setattr(examination, "optimizer_for", lambda model, training: optimizer_for(model, careless))
    assert judge("cpu", BY_NAME["One step of AdamW"]).verdict == "wrong"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("what", ["Output head with 50,257 tokens", "Products of transposed matrices"])
def test_a_wrong_product_is_caught(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = torch.Tensor.to
    monkeypatch.setattr(torch.Tensor, "to", lambda self, *where, **how: honest(self, *where, **how) * 1.001)
    assert judge("cpu", BY_NAME[what]).verdict == "wrong"


# --- devices that break ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_a_device_that_is_not_there_fails_once_and_the_others_go_on(small: None) -> None:
    rows = list(examine(["cuda:0", "cpu"]))
    verdicts = [row["verdict"] for row in rows if row["device"] == "cuda:0"]
    assert verdicts == ["failed"] + ["not tried"] * (len(verdicts) - 1)
    assert "CUDA" in rows[0]["note"]
    assert rows[0]["error"] is None
    assert {row["verdict"] for row in rows if row["device"] == "cpu"} == {"good"}


def test_whatever_a_driver_raises_becomes_a_row() -> None:
    def broken(device: str) -> float:
        raise KeyError

    row = judge("cpu", Check("Broken", 1e-5, broken))
    assert (row.verdict, row.note) == ("failed", "KeyError")


def test_progress_is_told_and_the_examination_can_be_left(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "CHECKS", tuple(Check(str(n), 1.0, lambda device: 0.0) for n in range(3)))
    told: list[tuple[int, int]] = []
    assert len(list(examine(["cpu", "cpu"], lambda done, total: told.append((done, total))))) == 6
    assert told == [(done, 6) for done in range(7)]
    answers = iter([True, True, False])
    assert len(list(examine(["cpu"], keep_going=lambda: next(answers)))) == 2
