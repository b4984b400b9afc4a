import time

import pytest

from studio.talking import markdown_blocks, markdown_inline
from studio.talking.markdown_blocks import blocks_of, plain_blocks
from studio.talking.markdown_inline import Style, inline
from studio.talking.markdown_pieces import CODE_LINES, LONGEST, Piece, Pieces

DOCUMENT = """# Title

Some **bold** and *it* with `code`, [a link](https://example.com/x) and https://pypi.org/project.

1. first
   ```python
   def f(x):
       return x
   ```
2. second
   - nested **b**

     more
   - n2

> quote **b**
> > deep

| a | b |
|---|:-:|
| 1 | `2` |

---

~~~
unclosed
"""


def blocks(text):
    return [block for piece in Pieces(text).items for block in blocks_of(piece)]


def streamed(text, step):
    pieces = Pieces()
    for at in range(0, len(text), step):
        pieces.add(text[at : at + step])
    pieces.finish()
    return pieces.items


def test_a_document_becomes_a_flat_list_of_blocks():
    found = blocks(DOCUMENT)
    assert [block.kind for block in found] == [
        "heading", "text", "text", "code", "text", "text", "text", "text", "text", "text", "table", "rule", "code",
    ]  # fmt: skip
    assert found[0].text == "Title"
    assert (found[2].mark, found[2].text, found[4].mark) == ("1.", "first", "2.")
    assert (found[5].mark, found[5].indent, found[5].text) == ("•", 2, "nested b")
    assert [block.quotes for block in found[8:10]] == [1, 2]
    assert found[3].text == "def f(x):\n    return x"
    assert found[3].language == "python"
    assert found[10].text == "a\tb\n1\t2"
    assert found[12].text == "unclosed"


@pytest.mark.parametrize("step", [1, 3, 7, 1_000])
def test_a_text_that_streams_ends_as_the_text_that_was_there_at_once(step):
    long = DOCUMENT * 3 + "word " * 900 + "\n```\n" + "x = 1\n" * 50
    assert streamed(long, step) == Pieces(long).items


def test_a_stream_changes_only_the_last_piece():
    pieces = Pieces()
    pieces.add(DOCUMENT)
    before = list(pieces.items)
    first = pieces.add("and more")
    assert first >= len(before) - 1
    assert pieces.items[:first] == before[:first]


def test_signs_become_stretches_of_a_plain_text():
    found = inline("**a** *b* `c` ~~d~~ ***e***")
    assert found.text == "a b c d e"
    assert [span.style for span in found.spans] == [
        Style.STRONG, Style.EMPHASIS, Style.CODE, Style.STRUCK, Style.STRONG | Style.EMPHASIS,
    ]  # fmt: skip


def test_a_paragraph_read_by_sentences_equals_the_sentences():
    source = "One **bold** sentence that is long enough to be cut off here. " * 3
    found = inline(source)
    assert found.text == source.replace("*", "")
    assert [found.text[span.start : span.end] for span in found.spans] == ["bold"] * 3


def test_a_link_is_followed_by_where_it_leads():
    found = inline("See [the list](https://example.com/a).")
    assert found.text == "See the list (https://example.com/a)."
    assert [span.link for span in found.spans] == ["https://example.com/a", ""]


def test_an_address_by_itself_is_a_link_and_not_said_twice():
    found = inline("Go to https://example.com/a_b, now.")
    assert found.text == "Go to https://example.com/a_b, now."
    assert [(found.text[span.start : span.end], span.link) for span in found.spans] == [
        ("https://example.com/a_b", "https://example.com/a_b")
    ]


def test_a_long_line_is_folded_and_nothing_of_it_is_lost():
    line = "word " * 2_000
    pieces = Pieces(line).items
    assert max(len(piece.source) for piece in pieces) <= LONGEST
    assert "".join(piece.source for piece in pieces) == line
    assert [piece.joined for piece in pieces] == [False] + [True] * (len(pieces) - 1)


def test_long_code_is_cut_into_pieces_that_go_on():
    pieces = Pieces("```python\n" + "x = 1\n" * 50 + "```\nafter").items
    assert [piece.joined for piece in pieces] == [False, True, True, False]
    assert pieces[0].source.count("\n") + 1 == CODE_LINES
    assert all(piece.language == "python" for piece in pieces[:3])
    assert blocks_of(pieces[1])[0].joined


def test_a_long_table_keeps_its_head_and_loses_no_row():
    rows = [f"| {n} | x |" for n in range(60)]
    found = [block for block in blocks("| a | b |\n|---|---|\n" + "\n".join(rows)) if block.kind == "table"]
    assert len(found) > 1
    assert [block.headless for block in found] == [False] + [True] * (len(found) - 1)
    cells = [row[0].text for block in found for row in block.cells]
    assert cells == ["a", *(str(n) for n in range(60))]


def test_a_fence_that_is_only_begun_is_not_shown():
    pieces = Pieces()
    pieces.add("before\n``")
    assert [piece.source for piece in pieces.items] == ["before"]
    pieces.add("`python\nx = 1")
    assert [(piece.source, piece.code) for piece in pieces.items] == [("before", False), ("x = 1", True)]


def test_what_a_person_wrote_has_no_signs():
    assert plain_blocks("**a** <b>")[0].text == "**a** <b>"
    assert plain_blocks("**a** <b>")[0].spans == ()


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "*_" * 50_000, "&" * 100_000, ">" * 100_000, "`" * 100_000, "` " * 50_000, "![" * 50_000,
     "1. a\n" * 20_000, "|a|b|\n|-|-|\n" + "|x|y|\n" * 16_000, "# a\n" * 25_000, "```\n" * 25_000,
     "\n".join(" " * n + "- a" for n in range(400)), "<div>" * 20_000],
    ids=["brackets", "stars", "ampersands", "quotes", "ticks", "spaced ticks", "pictures", "list", "table", "headings",
         "fences", "nesting", "tags"],
)  # fmt: skip
def test_hostile_text_of_a_hundred_thousand_letters_is_cut_and_read_piece_by_piece_in_no_time(text):
    began = time.process_time()
    pieces = Pieces(text).items
    cut = time.process_time() - began
    slowest = 0.0
    for piece in pieces[:12]:
        began = time.process_time()
        blocks_of(piece)
        slowest = max(slowest, time.process_time() - began)
    assert cut < 0.5  # five times what the slowest takes on a busy machine
    assert slowest < 0.1


@pytest.mark.parametrize(
    "source",
    [
        "- a\n- **b**\n  more\n\n  last\n- c\n  - d\n    - e\n* f\n-\n- g",
        "3. a\n3. b\n   - c\n7. d\n1) e\n1) f\n- g\n1. h",
        "1. a\n   1. b\n   2. c\n2. d\n 3. e\n4. f",
        "- a\nlazy\n- - -\n- # head\n- > quoted\n- ```\n- b",
        "| a | b |\n|---|---|\n| 1 | **2** |\n| 3 |\n| 4 | 5 | 6 |\n7",
        "| a | b |\n|---|---|\n| 1 | 2 |\n# head\n| 3 | 4 |",
        "| a | b |\n|---|\n| 1 | 2 |\n| 3 | 4 |",
        "Words *of* one line. ",
    ],
)
def test_items_and_rows_read_one_by_one_are_the_same_as_all_at_once(source):
    lines = source.split("\n")
    for length in range(1, len(lines) + 1):
        part = "\n".join(lines[:length])
        whole = markdown_blocks._Walk().blocks(markdown_inline.reader().parse(part))
        assert list(blocks_of(Piece(part))) == whole


def test_a_paragraph_that_grows_is_cut_into_the_same_stretches_as_one_that_is_there():
    source = "The *first* (one), and `then` more: it goes on [so](https://example.com). No end of *it, yet. " * 9
    for length in range(1, len(source), 17):
        part = source[:length]
        assert inline(part) == markdown_inline._joined([*map(markdown_inline._read, markdown_inline._stretches(part))])


def test_only_the_row_or_the_item_that_grows_is_read(monkeypatch):
    read = []
    walk = markdown_blocks._Walk
    monkeypatch.setattr(markdown_blocks, "_Walk", lambda: read.append(1) or walk())
    for lines in (
        ["| x | y |", "|---|---|", *(f"| {n} | grows |" for n in range(9))],
        [f"{n}. grows" for n in range(9)],
    ):
        blocks_of(Piece("\n".join(lines)))
        read.clear()
        blocks_of(Piece("\n".join(lines) + " more"))
        assert len(read) == 1
