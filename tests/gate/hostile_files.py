"""The hostile files that concern loading, each written to a place of its own: `name` to (how it is opened, its path).

Most are the cases of the tests beside this file; the largest, which only cost, are made here.
"""

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from tests.gate import (
    test_chat_templates,
    test_pickle_files,
    test_rewriting_tables,
    test_tensor_files,
    test_tokenizer_files,
)
from tests.gate import test_torch_archives as archives
from tests.gate.test_pickle_files import Canary
from tests.gate.torch_files import called, pickle_of, put, tensor
from tests.vocabularies.piece_files import CONTROLS, flag, part, piece_file

Case = tuple[str, Path]
MODEL, TEMPLATE = "model", "template"
GPT2 = {
    "model_type": "gpt2", "vocab_size": 60, "n_positions": 16, "n_embd": 24, "n_layer": 1, "n_head": 4,
}  # fmt: skip


_TREE, _LIST = "a tree of its pieces has more than 1,600,000 branches", "it is not the list of pieces that it should be"
REASONS: dict[str, str | None] = {  # of files that are not called by what is said of them; None: they are read
    "kind": "it is of the kind “None”", "None": "its pre-tokenizer “None” is not one that Atelier knows",
    "merge": "leads to a token that is not in its vocabulary", "merges": "its list of merges is missing or too long",
    "a vocabulary of 48 MB": "it lists more than any tokenizer has",
    "a vocabulary of 1.9 million": "its vocabulary has 1,900,000 entries; at most 1,000,000 are read",
    "a vocabulary of 200 MB": "it has 209,715,200 bytes", "lists of 48 MB": "it lists more than any tokenizer has",
    "ids far apart": None,
    "120,000 pieces, each cut in many ways": None, "256,000 pieces as Gemma has them": None,
    "90,000 pieces of four letters": None, "230,000 pieces of 8 letters": None, "299,000 pieces of Unigram": None,
    "131,000 pieces of two letters": "its pieces are joined in more than 620,000 ways",
    "long pieces of Unigram": _TREE, "990,000 pieces": "it has 15,770,192 bytes", "pieces of 8 MB": _LIST,
    "pieces in another order": _LIST, "fields of 8 MB": _LIST, "fields of 48 MB": "it has 48,000,000 bytes",
    "long pieces": None,
    "24 million words": "it has 50,331,648 bytes", "words of 48 MB": "it has 43,881,519 bytes", "299,000 words": None,
}  # fmt: skip


def write_all(folder: Path) -> dict[str, Case]:
    """Write every file; opening one may leave something only at `folder`/canary."""
    found: dict[str, Case] = {}
    for group in (_safetensors, _pickles, _archives, _folders, _tokenizers, _templates):
        for number, (name, write) in enumerate(group(folder / "canary")):
            place = folder / f"{group.__name__.strip('_')}-{number}"
            place.mkdir()
            called = f"{group.__name__.strip('_')}: {name}"
            again = sum(known.split(_AGAIN)[0] == called for known in found)
            found[f"{called}{_AGAIN}{again + 1}" if again else called] = write(place)
    return found


_AGAIN = " #"  # before the number of a case that is called like one before it


def reason_for(name: str) -> str | None:
    """What is said of a tokenizer's file that is not read; None for one that is."""
    known = name.removeprefix("tokenizers: ").split(_AGAIN)[0]
    return REASONS.get(known, known)


def cases_of(test: Any) -> list[tuple[Any, ...]]:
    """What a test is parametrized with."""
    (mark,) = [mark for mark in test.pytestmark if mark.name == "parametrize"]
    return [one if isinstance(one, tuple) else (one,) for one in mark.args[1]]


Group = Iterator[tuple[str, Callable[[Path], Case]]]


def _safetensors(_: Path) -> Group:
    for header, words in cases_of(test_tensor_files.test_a_lying_header_is_refused_with_its_reason):
        yield words, lambda place, header=header: _weights(place, header)
    for (length,) in cases_of(test_tensor_files.test_a_length_that_cannot_be_is_refused_before_anything_is_read):
        yield f"length {length}", lambda place, length=length: _weights(place, test_tensor_files.GOOD, length)
    many = {f"t{place}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for place in range(190_000)}
    most = b'{"__metadata__":{"a":"' + b"x" * ((16 << 20) - 30) + b'"}}'
    deep = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    tall = {"a": {"dtype": "F32", "shape": [1] * 4_000_000, "data_offsets": [0, 4]}}
    for name, header in (
        ("190,000 tensors", many), ("metadata of 16 MB", most), ("200,000 deep", deep), ("rank of 4 million", tall),
        ("name of 5 MB", {"n" * (5 << 20): test_tensor_files.GOOD["a"]}), ("header of 90 MB", b"{" + b" " * (90 << 20)),
        ("lists of 16 MB", b'{"a":' + b"[[],[]," * 2_000_000 + b"0"),
    ):  # fmt: skip
        yield name, lambda place, header=header: _weights(place, header)
    yield "no numbers", lambda place: _folder(place, values=float("nan"))


def _weights(place: Path, header: Any, length: int | None = None) -> Case:
    (place / "config.json").write_text(json.dumps(GPT2), "utf-8")
    return MODEL, test_tensor_files.put(place / "model.safetensors", header, length=length)


def _pickles(canary: Path) -> Group:
    payloads = {"system": (os.system, f"touch {canary}"), "open": (open, str(canary), "w"),
                "eval": (eval, f"open({str(canary)!r}, 'w')")}  # fmt: skip
    for name, call in payloads.items():
        for protocol in (0, 2, 4):
            raw = pickle.dumps({"a": Canary(*call)}, protocol=protocol)
            yield f"{name}, version {protocol}", lambda place, raw=raw: _archive(place, raw)
            yield f"{name}, version {protocol}, bare", lambda place, raw=raw: _raw(place, raw)
    for (name,) in cases_of(test_pickle_files.test_only_what_rebuilds_tensors_may_be_asked_for):
        yield name, lambda place, name=name: _archive(place, pickle_of({"a": called(name, "x")}))
    for value, words in cases_of(test_pickle_files.test_a_pickle_that_lies_is_refused):
        yield words, lambda place, value=value: _archive(place, pickle_of(value))
    yield "endless", lambda place: _archive(place, b"\x80\x02]" + b"]a" * 20_000_000 + b".")
    yield "a string of 60 MB", lambda place: _archive(place, pickle_of({"a" * (60 << 20): tensor()}))
    shared = {f"t{number}": tensor() for number in range(50_000)}
    yield "50,000 views", lambda place: _archive(place, pickle_of(shared))


def _archive(place: Path, raw: bytes) -> Case:
    return MODEL, put(place / "model.pth", {"data.pkl": raw, "data/0": struct.pack("<6f", *range(6))})


def _raw(place: Path, raw: bytes, name: str = "model.pth") -> Case:
    (place / name).write_bytes(raw)
    return MODEL, place / name


def _archives(_: Path) -> Group:
    for parts, words in cases_of(archives.test_a_part_that_weights_do_not_have_is_refused):
        yield words, lambda place, parts=parts: (MODEL, put(place / "model.pth", {**archives.GOOD, **parts}))
    for start, words in cases_of(archives.test_other_files_are_refused_by_what_they_are):
        yield words, lambda place, start=start: _raw(place, start)
    yield "512 MB of zeros", _bomb
    yield "200,000 members", _members


def _bomb(place: Path) -> Case:
    with zipfile.ZipFile(place / "model.pth", "w") as archive:
        archive.writestr("model/data.pkl", pickle_of({"a": tensor()}))
        with archive.open(zipfile.ZipInfo("model/data/0"), "w", force_zip64=True) as member:
            member.write(b"")
        packed = zipfile.ZipInfo("model/data/1")
        packed.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(packed, "w") as member:
            for _ in range(512):
                member.write(bytes(1 << 20))
    return MODEL, place / "model.pth"


def _members(place: Path) -> Case:
    with zipfile.ZipFile(place / "model.pth", "w") as archive:
        for number in range(200_000):
            archive.writestr(f"model/data/{number}", b"")
    return MODEL, place / "model.pth"


def _folders(canary: Path) -> Group:
    code = {"auto_map": {"AutoModelForCausalLM": "modeling_x.X"}, "_attn_implementation_internal": "x/y",
            "text_config": {"trust_remote_code": True}}  # fmt: skip
    for name, changes in {
        "code of its own": code, "unknown quantization": {"quantization_config": {"quant_method": "x.y"}},
        "vocabulary of 10^12": {"vocab_size": 10**12}, "-1 layers": {"n_layer": -1}, "width “64”": {"n_embd": "64"},
        "10^9 layers": {"n_layer": 10**9}, "context of 10^12": {"n_positions": 10**12}, "depth": {"n_layer": 100_000},
        "a number too large": {"layer_norm_epsilon": float("1e308") * 10}, "NaN": {"resid_pdrop": float("nan")},
    }.items():  # fmt: skip
        yield name, lambda place, changes=changes: _folder(place, changes, canary)
    for where in (
        "../x.safetensors",
        "/etc/passwd",
        "C:\\x.safetensors",
        "\\\\host\\x.safetensors",
        "x.bin",
        "gone.safetensors",
    ):
        yield f"shard {where}", lambda place, where=where: _sharded(place, {"transformer.wte.weight": where})
    yield "a million shards", lambda place: _sharded(place, {f"t{n}": f"{n}.safetensors" for n in range(500_000)})
    yield "config of 4 MB", lambda place: _folder(place, {"x": [[]] * 1_300_000}, canary)
    yield "config 200,000 deep", _deep
    yield "links in a circle", _circle
    yield (
        "settings for 10^9 tokens",
        lambda place: _with(place, "generation_config.json", b'{"max_length": 1000000000}'),
    )


def _folder(
    place: Path, changes: dict[str, Any] | None = None, canary: Path | None = None, values: float = 1.0
) -> Case:
    """A tiny GPT-2 with changes in its description, and code that would leave a trace."""
    import torch
    from safetensors.torch import save_file

    width, tokens = GPT2["n_embd"], (changes or {}).get("vocab_size", 60)
    tokens = tokens if 60 <= tokens <= 300_001 else 60
    shapes = {
        "wte.weight": (tokens, width), "wpe.weight": (16, width), "ln_f.weight": (width,), "ln_f.bias": (width,),
        **{f"h.0.ln_{number}.{kind}": (width,) for number in (1, 2) for kind in ("weight", "bias")},
        "h.0.attn.c_attn.weight": (width, 72), "h.0.attn.c_attn.bias": (72,),
        "h.0.attn.c_proj.weight": (width, width), "h.0.attn.c_proj.bias": (width,),
        "h.0.mlp.c_fc.weight": (width, 96), "h.0.mlp.c_fc.bias": (96,),
        "h.0.mlp.c_proj.weight": (96, width), "h.0.mlp.c_proj.bias": (width,),
    }  # fmt: skip
    save_file({name: torch.full(shape, values) for name, shape in shapes.items()}, place / "model.safetensors")  # type: ignore[arg-type]
    (place / "config.json").write_text(json.dumps({**GPT2, **(changes or {})}), "utf-8")
    if canary is not None:
        (place / "modeling_x.py").write_text(f"open({str(canary)!r}, 'w').close()", "utf-8")
    return MODEL, place


def _with(place: Path, name: str, raw: bytes, tokens: int = 60) -> Case:
    _folder(place, {"vocab_size": tokens})
    (place / name).write_bytes(raw)
    return MODEL, place


def _sharded(place: Path, where: dict[str, str]) -> Case:
    case = _with(place, "model.safetensors.index.json", json.dumps({"weight_map": where}).encode())
    (place / "model.safetensors").unlink()
    return case


def _deep(place: Path) -> Case:
    return _with(place, "config.json", b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}")


def _circle(place: Path) -> Case:
    case = _folder(place)
    (place / "model.safetensors").unlink()
    (place / "model.safetensors").symlink_to(place / "other")
    (place / "other").symlink_to(place / "model.safetensors")
    return case


def _tokenizers(_: Path) -> Group:
    for data, words in cases_of(
        test_tokenizer_files.test_what_could_hang_or_kill_the_library_is_refused_with_its_reason
    ):
        yield words, lambda place, data=data: _with(place, "tokenizer.json", json.dumps(data).encode())
    for content, words in cases_of(test_tokenizer_files.test_a_file_that_is_something_else_is_refused):
        yield words, lambda place, content=content: _with(place, "tokenizer.json", content)
    entries = ",".join(f'"{number:x}":{number}' for number in range(2_800_000))
    large = f'{{"model":{{"type":"BPE","merges":[],"vocab":{{{entries}}}}}}}'.encode()
    yield "a vocabulary of 48 MB", lambda place: _with(place, "tokenizer.json", large)
    known = ",".join(f'"{number:x}":{number}' for number in range(1_900_000))
    many = f'{{"model":{{"type":"BPE","merges":[],"vocab":{{{known}}}}}}}'.encode()
    yield "a vocabulary of 1.9 million", lambda place: _with(place, "tokenizer.json", many)
    yield "a vocabulary of 200 MB", lambda place: _with(place, "tokenizer.json", b" " * (200 << 20))
    yield "lists of 48 MB", lambda place: _with(place, "tokenizer.json", b'{"model":[' + b"[]," * 16_000_000 + b"0]}")
    apart = {"type": "BPE", "merges": [], "vocab": {"a": 0, "b": 299_999}}
    added = [{"id": 1, "content": "<s>", **test_tokenizer_files.FLAGS}]
    yield (
        "ids far apart",
        lambda place: _with(
            place, "tokenizer.json", json.dumps({"model": apart, "added_tokens": added}).encode(), 300_000
        ),
    )
    yield from _lists_of_pieces()
    yield "24 million words", lambda place: _with(place, "vocab.txt", b"a\n" * (24 << 20))
    yield "words of 48 MB", lambda place: _with(place, "vocab.txt", "\n".join(map(hex, range(5_000_000))).encode())
    words = "\n".join(["[UNK]", *map(hex, range(299_000))]).encode()
    yield "299,000 words", lambda place: _with(place, "vocab.txt", words, 299_001)


def _lists_of_pieces() -> Group:
    def hexadecimal(count: int) -> Iterable[str]:
        return (f"{number:x}" for number in range(count))

    def over(letters: str, size: int) -> Iterable[str]:
        return ("".join(one) for length in range(1, size + 1) for one in product(letters, repeat=length))

    yield "120,000 pieces, each cut in many ways", lambda place: _pieces(place, hexadecimal(120_000))
    yield "256,000 pieces as Gemma has them", lambda place: _pieces(place, _ordinary(256_000))
    yield "90,000 pieces of four letters", lambda place: _pieces(place, over("abcd", 8))
    yield "131,000 pieces of two letters", lambda place: _pieces(place, over("ab", 16))
    yield "230,000 pieces of 8 letters", lambda place: _pieces(place, (f"{n:06}猫猫" for n in range(230_000)))
    yield "299,000 pieces of Unigram", lambda place: _pieces(place, hexadecimal(299_000), model=1)
    wide = [chr(0x4E00 + n) + "".join(chr(0x4E00 + (n * k * k) % 20_000) for k in range(2, 129)) for n in range(19_000)]
    yield "long pieces of Unigram", lambda place: _pieces(place, wide, model=1)
    yield "990,000 pieces", lambda place: _pieces(place, hexadecimal(990_000))
    yield "pieces of 8 MB", lambda place: _with(place, "tokenizer.model", part(1, part(1, b"a")) * 1_600_000)
    score = bytes([2 << 3 | 5]) + bytes(4)
    strange = (score + part(1, f"{n:06x}".encode()) + flag(9, 1) + flag(3, 1) for n in range(299_000))
    unusual = b"".join(part(1, one) for one in (part(1, b"<unk>") + flag(3, 2), *strange))
    yield "pieces in another order", lambda place: _with(place, "tokenizer.model", unusual, 299_001)
    yield "fields of 8 MB", lambda place: _with(place, "tokenizer.model", flag(9, 1) * 4_000_000)
    yield "fields of 48 MB", lambda place: _with(place, "tokenizer.model", flag(9, 1) * 24_000_000)
    yield "long pieces", lambda place: _pieces(place, (f"{n:05}" * 25 for n in range(19_900)))
    for table, words in cases_of(test_rewriting_tables.test_what_lies_is_refused_with_its_reason):
        if table:
            yield words, lambda place, table=table: _pieces(place, hexadecimal(16), table=table)


def _ordinary(count: int) -> list[str]:
    """Pieces of one to eight letters, each joined from two that stand before it."""
    chance = Random(0)
    found = dict.fromkeys("abcdefghijklmnopqrstuvwxyz▁")
    parts = list(found)
    while len(found) < count:
        piece = chance.choice(parts) + chance.choice(parts)
        if len(piece) <= 8 and "▁" not in piece[1:] and piece not in found:
            found[piece] = None
            if len(piece) < 6:
                parts.append(piece)
    return list(found)


def _pieces(place: Path, pieces: Iterable[str], model: int = 2, table: bytes = b"") -> Case:
    listed = [*CONTROLS, *((piece, -float(number), 1) for number, piece in enumerate(pieces))]
    _folder(place, {"vocab_size": min(max(len(listed), 60), 300_000)})
    piece_file(place / "tokenizer.model", listed, model=model, falls_back=False, table=table)
    return MODEL, place


def _templates(_: Path) -> Group:
    known = {name: text for name, (text, _) in test_chat_templates.HOSTILE.items()}
    for name, text in (known | test_chat_templates.NEVER_ENDING).items():
        yield name, lambda place, text=text: _template(place, text)


def _template(place: Path, text: str) -> Case:
    (place / "template.txt").write_text(text, "utf-8")
    return TEMPLATE, place / "template.txt"
