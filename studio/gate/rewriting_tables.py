"""The table by which a `tokenizer.model` rewrites texts (nmt_nfkc and the like), checked whole before it is used.

It is a trie of bytes in one list of numbers, a double array as the library darts-clone writes it
(github.com/s-yata/darts-clone), and behind it the texts that its leaves point to, each ended by a zero. The library
`tokenizers` ends the process on damaged ones and composes fewer letters than SentencePiece, so it is never given one.
"""

import struct
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

MOST_BYTES = 1 << 20  # nmt_nfkc_cf, the largest in use, has a quarter of it
MOST_STEPS = 200_000  # from byte to byte of the characters that entries begin with
LONGEST, LONGEST_TEXT = 64, 256  # bytes of an entry and of what it becomes
_LEAF, _FAR = 1 << 8, 1 << 9  # flags of a number: it ends an entry; its distance counts in 256
_LABEL = 0x8000_00FF  # the byte that leads to a number; one of those that only point to a text has none

Numbers = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]


class RewritingTable:
    """`single`: what becomes of one character; `first` and `second`: how an entry of several characters begins."""

    def __init__(self, raw: bytes) -> None:
        """A `ValueError` names what cannot be."""
        if len(raw) > MOST_BYTES:
            raise ValueError(f"has {len(raw):,} bytes; at most {MOST_BYTES:,} are read")
        size = struct.unpack_from("<I", raw)[0] if len(raw) >= 8 else 0
        if size % 4 or not 4 <= size <= len(raw) - 4:
            raise ValueError("is cut off, or says a length that it does not have")
        self.raw = raw
        self._trie = _Trie(np.frombuffer(raw, "<u4", size // 4, 4))
        self._units: list[int] = self._trie.units.tolist()
        self._texts = {place: _ended(raw, 4 + size + place) for place in self._trie.leaves()}
        root = self._trie.targets(np.zeros(1, np.int64))
        firsts, nodes = self._trie.characters(root)
        seconds, _ = self._trie.characters(np.unique(self._trie.targets(nodes)))
        self.first, self.second = set(firsts), set(seconds)
        leaves = (self._trie.units[nodes] & _LEAF) > 0
        self.single = {
            letter: self._texts[self._value(int(base))]
            for letter, base, ends in zip(firsts, self._trie.targets(nodes), leaves, strict=True)
            if ends
        }

    @property
    def texts(self) -> Iterable[str]:
        """All that something becomes."""
        return self._texts.values()

    def longest(self, text: str) -> tuple[int, str] | None:
        """How many characters at the beginning of a text are an entry, and what they become; None where none is."""
        base, found = self._target(0), None
        spelled = text.encode("utf-8", "replace")
        for count, byte in enumerate(spelled[:LONGEST], 1):
            node = base ^ byte
            if node >= len(self._units) or self._units[node] & _LABEL != byte:
                break
            base = self._target(node)
            whole = count == len(spelled) or spelled[count] & 0xC0 != 0x80  # else it ends within a character
            if whole and self._units[node] & _LEAF:
                found = count, self._texts[self._value(base)]
        return None if found is None else (len(spelled[: found[0]].decode("utf-8")), found[1])

    def _target(self, node: int) -> int:
        value = self._units[node]
        return node ^ (value >> 10 << ((value & _FAR) >> 6))

    def _value(self, base: int) -> int:
        return self._units[base] & 0x7FFF_FFFF


class _Trie:
    """Numbers by the place from which a byte leads to them; many places are shared by several entries."""

    def __init__(self, units: Numbers) -> None:
        self.units = units
        labels = (units & _LABEL).astype(np.int64)
        numbers = np.flatnonzero((labels > 0) & (labels < 256))
        bases = numbers ^ labels[numbers]
        order = np.argsort(bases, kind="stable")
        self._bases, self._numbers = bases[order], numbers[order]

    def targets(self, nodes: Places) -> Places:
        """Where it goes on from these numbers."""
        values = self.units[nodes].astype(np.int64)
        return nodes ^ ((values >> 10) << ((values & _FAR) >> 6))

    def step(self, bases: Places) -> tuple[Places, Places]:
        """One byte further: for every number that is reached, which of the places it is reached from, and itself."""
        low, high = np.searchsorted(self._bases, bases, "left"), np.searchsorted(self._bases, bases, "right")
        counts = high - low
        if (total := int(counts.sum())) > MOST_STEPS:
            raise ValueError("has more entries than any in use")
        parents = np.repeat(np.arange(len(bases)), counts)
        within = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
        return parents, self._numbers[low[parents] + within]

    def leaves(self) -> list[int]:
        """Where the texts begin that entries become, each once; entries without end are a `ValueError`."""
        found: list[Places] = []
        bases = self.targets(np.zeros(1, np.int64))
        for _ in range(LONGEST):
            _, nodes = self.step(bases)
            ends = self.targets(nodes[(self.units[nodes] & _LEAF) > 0])
            if len(ends) and int(ends.max()) >= len(self.units):
                raise ValueError("points behind itself")
            found.append((self.units[ends] & 0x7FFF_FFFF).astype(np.int64))
            bases = np.unique(self.targets(nodes))
        if len(self.step(bases)[1]):
            raise ValueError("has entries without end")
        places: list[int] = np.unique(np.concatenate(found)).tolist()
        return places

    def characters(self, bases: Places) -> tuple[list[str], Places]:
        """The whole characters that lead on from these places, and the number that each one leads to."""
        keys, found, reached = [b""] * len(bases), list[str](), [np.zeros(0, np.int64)]
        for length in range(1, 5):
            parents, nodes = self.step(bases)
            labels = (self.units[nodes] & 0xFF).tolist()
            keys = [keys[parent] + bytes((label,)) for parent, label in zip(parents.tolist(), labels, strict=True)]
            whole = np.array([_size(key[0]) == length for key in keys], np.bool_)
            found += [_read(key) for key, ends in zip(keys, whole, strict=True) if ends]
            reached.append(nodes[whole])
            keys = [key for key in keys if _size(key[0]) > length]
            bases = self.targets(nodes[~whole])
        return found, np.concatenate(reached)


def _size(first: int) -> int:
    """Bytes of the character that begins with this one."""
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4


def _ended(raw: bytes, place: int) -> str:
    end = raw.find(b"\0", place, place + LONGEST_TEXT + 1)
    if end < 0:
        raise ValueError("points to a text that is not there, or that does not end")
    return _read(raw[place:end])


def _read(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except ValueError as error:
        raise ValueError("holds bytes that are no text") from error
