import dataclasses

from studio.core.config import AdapterConfig, DataConfig, ModelConfig, RunConfig, TrainingConfig
from studio.training.plan import Facts, first_need, plan, plan_rows, start_label


def config(**training):
    return RunConfig(
        data=DataConfig(text="story"), model=ModelConfig(context_length=64), training=TrainingConfig(**training)
    )


NOTHING = Facts()


def need(run, facts=NOTHING, has_project=True, texts=("story",)):
    return first_need(run, has_project, list(texts), plan(run, facts))


def test_tokens_passes_and_time_follow_from_steps_batch_and_context():
    run = config(steps=2_000, batch_size=12, accumulation=2)
    found = plan(run, Facts(training_tokens=1_000_000, tokens_per_second=10_000))
    assert found.tokens == 2_000 * 12 * 2 * 64
    assert found.passes == found.tokens / 1_000_000
    assert found.seconds == found.tokens / 10_000


def test_epochs_decide_the_steps_once_the_text_is_known():
    run = config(steps=7, epochs=2.0, batch_size=10)
    assert plan(run, Facts()).steps == 7
    assert plan(run, Facts(training_tokens=64 * 100 + 1)).steps == 20


def test_the_best_checkpoint_and_one_being_written_are_counted_on_the_disk():
    run = config(steps=1_000, save_every=100, keep_checkpoints=3)
    found = plan(run, Facts(parameters=1_000, training_tokens=500))
    assert (found.checkpoints, found.checkpoint_bytes) == (4, 12_000)
    assert found.disk == 5 * 12_000 + 1_000


def test_a_short_run_saves_once():
    assert plan(config(steps=50, save_every=200, warmup_steps=10), Facts(parameters=10)).checkpoints == 1


def test_a_disk_that_is_too_small_is_told_before_the_start():
    run = config(steps=1_000)
    facts = Facts(parameters=10_000_000, free_disk=1_000_000)
    found = need(run, facts)
    assert found is not None
    assert found.label == "Make room on the disk first"
    assert "600 MB" in found.reason


def test_what_is_missing_is_named_in_the_order_in_which_it_is_mended():
    run = config()
    blank = run.with_part(data=DataConfig())
    assert need(run, has_project=False).page == "home"
    assert need(blank, texts=()).page == "data"
    assert need(blank).field == "data.text"
    assert need(run, texts=("another",)).label == "Choose a text first"
    assert "story" in need(run, texts=("another",)).reason
    assert need(run) is None


def test_a_setting_that_cannot_work_leads_to_its_page_and_field():
    odd = config().with_part(model=ModelConfig(emb_dim=100, n_heads=3))
    assert (need(odd).page, need(odd).field) == ("model", "model.n_heads")
    hot = config(learning_rate=1_000.0)
    assert (need(hot).page, need(hot).field) == ("pretrain", "training.learning_rate")


def test_the_button_says_what_will_happen():
    planned = plan(config(steps=2_000), Facts())
    assert start_label(planned) == "Train 2,000 steps"
    assert start_label(dataclasses.replace(planned, seconds=370)) == "Train 2,000 steps, about 6 min"
    assert start_label(planned, queued_behind="another") == "Queue 2,000 steps"


def test_figures_that_are_not_known_say_when_they_will_be():
    run = config()
    rows = {title: (value, note) for title, value, note in plan_rows(run, Facts(), plan(run, Facts()))}
    assert rows["Passes"] == ("–", "known once the text is cut into tokens")
    assert rows["Disk"][0] == "–"
    assert rows["Time"][0] == "–"


def test_figures_that_are_known_carry_their_units_and_their_source():
    run = config(steps=2_000, batch_size=10)
    facts = Facts(parameters=1_000_000, training_tokens=320_000, exact=True, tokens_per_second=1_000, measured=True)
    rows = {title: (value, note) for title, value, note in plan_rows(run, facts, plan(run, facts))}
    assert rows["Steps"] == ("2,000", "measured every 100")
    assert rows["Passes"] == ("4", "over 320 k tokens")
    assert rows["Checkpoints"][0] == "4 × 12 MB"
    assert rows["Time"] == ("21 min", "measured in an earlier run")


def test_a_task_that_the_model_is_not_made_for_is_put_right_before_the_start():
    found = need(dataclasses.replace(config(), objective="masked_words"))
    assert (found.label, found.page, found.field) == ("Change the model first", "pretrain", "objective")
    assert "only looks back" in found.reason


def adapted(**adapter):
    model = ModelConfig(vocab_size=50, emb_dim=16, n_layers=2, n_heads=2, context_length=64)
    chosen = AdapterConfig(**{"kind": "lora", "rank": 2, "targets": "q_proj, v_proj", **adapter})
    return dataclasses.replace(config(steps=100, save_every=100), start_from="tale", model=model, adapter=chosen)


def test_checkpoints_of_an_adapter_are_as_small_as_it_is():
    run, facts = adapted(), Facts(parameters=10_000)
    found = plan(run, facts)
    assert found.checkpoint_bytes == 12 * 2 * 2 * 2 * (16 + 16)  # two layers with two targets of rank two
    assert found.disk == found.checkpoint_bytes
    note = {title: note for title, _, note in plan_rows(run, facts, found)}["Checkpoints"]
    assert "only the adapter" in note
    assert plan(adapted(kind="none"), facts).checkpoint_bytes == 120_000


def test_an_adapter_without_a_model_to_lie_on_is_put_right_first():
    found = need(dataclasses.replace(adapted(), start_from=""))
    assert (found.label, found.page, found.field) == (
        "Choose a model for the adapter first", "pretrain", "adapter.kind"
    )  # fmt: skip
    assert need(adapted()) is None


def test_an_adapter_that_does_not_fit_its_model_leads_to_its_knob():
    for run, field in ((adapted(rank=500), "adapter.rank"), (adapted(targets="gate"), "adapter.targets")):
        assert plan(run, Facts()).checkpoint_bytes == 0
        assert (need(run).label, need(run).field) == ("Correct the adapter first", field)
