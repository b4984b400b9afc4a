"""Every operand is written out, and what is written gives the number."""

import ast
import operator
import re

import numpy as np
import pytest

from studio.insight.attention import STAGES, step_through, walk
from studio.insight.course import NAMES, WORDS, example, steps
from studio.steps.formulas import figure, formula, meaning, place_of, result
from studio.steps.stages import TITLES, matrices_of, sources, stages_of
from tests.attention.conftest import scene_of

pytestmark = [pytest.mark.gui, pytest.mark.torch]

KINDS = ("gpt2", "llama 3.1", "qwen3")


def shown(kind: str, layer: int = 1, head: int = 2):
    scene = scene_of(kind)
    return step_through(scene.model, scene.capture, layer, head), scene.tokens


def worked_out(written: str) -> float:
    """What a reader with a calculator gets from the part before the last equals sign."""
    left = written.rpartition(" = ")[0]
    if " = " in left:  # q before it is brought to one length
        left = left.rpartition(" = ")[0]
    left = left.replace("−", "-").replace("·", "*").replace("÷", "/")
    left = re.sub(r"√(\d+)", r"(\1 ** 0.5)", left)
    left = re.sub(r"e\^(\(-[\d.e-]+\)|[\d.]+)", r"(2.718281828459045 ** \1)", left)
    return computed(ast.parse(left, mode="eval").body)


def computed(node: ast.AST) -> float:
    """Numbers, sums, products, quotients and powers; nothing else is ever written."""
    if isinstance(node, ast.Constant):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -computed(node.operand)
    assert isinstance(node, ast.BinOp)
    ways = {ast.Add: operator.add, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow}
    return float(ways[type(node.op)](computed(node.left), computed(node.right)))


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.43, "0.43"), (1.0, "1"), (0.0, "0"), (-0.25, "−0.25"), (0.123456, "0.1235"), (3.2e-6, "3.2e−6"),
     (-3.2e-6, "−3.2e−6"), (float("nan"), "not a number"), (float("-inf"), "−∞")],
)  # fmt: skip
def test_an_operand_is_written_as_short_as_it_is(value: float, words: str) -> None:
    assert figure(value) == words


def test_a_result_always_has_four_decimals() -> None:
    assert [result(value) for value in (0.9544, 1.495, -2.0, 0.0)] == ["0.9544", "1.4950", "−2.0000", "0.0000"]


def test_the_second_words_score_is_written_as_the_course_does() -> None:
    _, found = steps("without weights")
    assert formula(found, "scores", 1, 0) == "0.55·0.43 + 0.87·0.15 + 0.66·0.89 = 0.9544"
    assert formula(found, "weights", 1, 0) == (
        "e^0.9544 ÷ (e^0.9544 + e^1.495 + e^1.4754 + e^0.8434 + e^0.707 + e^1.0865) = 0.1385"
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["queries", "keys", "values", "scores", "positioned", "weights", "mixed", "output"])
def test_what_is_written_can_be_worked_out_and_gives_the_number(kind: str, key: str) -> None:
    found, _ = shown(kind)
    for row, column in ((5, 3), (11, 0)):
        written = formula(found, key, row, column)
        if kind == "gpt2" and key == "positioned":
            assert written.endswith(", as before")
            continue
        value = float(getattr(found, key)[row, column])
        if kind == "qwen3" and key in ("queries", "keys"):
            value = float(found.cell(key, row, column)["projected"])
            assert "brought to one length" in written
        assert worked_out(written) == pytest.approx(value, abs=2e-3)


def test_every_matrix_of_every_example_and_family_can_be_explained() -> None:
    walks = [(walk(example(name).heads[-1]), example(name).words) for name in NAMES] + [shown(kind) for kind in KINDS]
    for found, words in walks:
        for key in TITLES:
            shape = (found.operands.inputs if key == "inputs" else getattr(found, key)).shape
            for row, column in ((0, 0), (shape[0] - 1, shape[1] - 1)):
                assert formula(found, key, row, column)
                assert meaning(found, words, key, row, column)
                assert "{" not in meaning(found, words, key, row, column)
                assert place_of(found, words, key, row, column)


def test_a_hidden_score_says_why_it_is_gone() -> None:
    found, words = shown("gpt2")
    assert formula(found, "masked", 3, 9).endswith("is hidden → −∞")
    assert formula(found, "masked", 9, 3).endswith("may be seen and stays")
    assert formula(found, "weights", 3, 9).startswith("e^(−∞)")
    assert "exactly 0" in meaning(found, words, "masked", 3, 9)
    assert "out of 4 tokens" in meaning(found, words, "weights", 3, 2)


def test_what_is_no_number_is_called_so() -> None:
    found, words = shown("gpt2")
    bad = walk(found.operands, {"queries": np.full_like(found.queries, np.nan)})
    assert formula(bad, "weights", 5, 2).endswith("not a number")
    assert "no number" in meaning(bad, words, "weights", 5, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_changes_only_with_what_it_is_said_to_be_made_from(kind: str) -> None:
    found, words = shown(kind)
    matrices = matrices_of(found, words)
    for key in STAGES[5:]:
        row, column = 7, 3
        lit = sources(found, key, row, column)
        assert set(lit) <= set(matrices)
        for name, (rows, columns) in lit.items():
            part = matrices[name].values[rows, columns]
            assert part.size, (key, name)
            if name in STAGES and not (key == "positioned" and name in ("scaled", "turned_queries", "turned_keys")):
                changed = getattr(found, name).copy()
                changed[rows, columns] += 0.5
                again = walk(found.operands, {name: changed})
                moved = getattr(again, key)[row, column]
                assert moved != getattr(found, key)[row, column] or key == "weights" or kind != "gpt2", (key, name)


def test_a_walk_through_later_rows_names_the_right_words() -> None:
    scene = scene_of("gpt2")
    found = step_through(scene.model, scene.capture, 0, 1, 8, 64)
    assert place_of(found, scene.tokens, "weights", 0, 2) == "“dog” looks at “sat”"
    assert place_of(found, scene.tokens, "mixed", 0, 2).startswith("“dog”")
    assert place_of(found, scene.tokens, "keys", 1, 2).startswith("“cat”")
    assert sources(found, "queries", 0, 2)["inputs"][0] == slice(8, 9)


def test_every_station_says_what_happens_and_what_does_not() -> None:
    plain = stages_of(walk(example("without weights").heads[0]), True)
    assert len(plain) == 9
    assert "Nothing is learned" in plain[0].sentence
    assert "as they are" in plain[2].sentence
    assert "no places" in plain[3].sentence
    assert "nothing is hidden" in plain[4].sentence
    assert "one head" in plain[7].sentence
    turned = stages_of(shown("llama 3.1")[0], False)
    assert "RoPE" in turned[3].sentence
    assert "columns 12 to 17" in turned[7].sentence
    learned = stages_of(shown("gpt2")[0], False)
    assert "before the first block" in learned[3].sentence
    assert "√6 = 2.449" in learned[2].sentence
    windowed = stages_of(shown("mistral")[0], False)
    assert "too far back" in windowed[4].sentence


def test_words_of_the_course_stand_at_the_rows() -> None:
    found, walked = steps("causal")
    matrices = matrices_of(walked, found.words, True)
    assert matrices["scores"].rows == matrices["scores"].columns == WORDS
    assert matrices["inputs"].editable
    assert not matrices["queries"].editable
    assert matrices["weights"].limits[0] == 0.0
    assert matrices["masked"].limits[0] == -matrices["masked"].limits[1]
