"""The sample corpus: small stories told from the plots and words in `resources/samples/stories`, always the same."""

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.store.prose import PARAGRAPH, contracted, halved, polished, shingles, title_case

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "samples" / "stories"
BETWEEN = "\n\n* * *\n\n"
_PRONOUNS = {"girl": ("she", "her", "her", "herself"), "boy": ("he", "him", "his", "himself")}
_PARTS = re.compile(r"\[([^\[\]]*)\]|<(\w+)>|\{(\^?)(\w+)\}")
_SPEAKER = re.compile(r"(?<=[,?!]\" )(said|asked) ((?:Mrs?\. |[A-Z][\w-]+ )?(?!Mrs?\b)[A-Z]\w+)(?=\.|, \")")


@dataclass(frozen=True)
class Plot:
    """One way a story can go: what it needs, its titles, and its beats of alternatives; "/" ends a paragraph."""

    name: str
    needs: Mapping[str, Sequence[str]]
    slots: Mapping[str, str]
    titles: Sequence[str]
    beats: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Grammar:
    """Everything stories are told from."""

    words: Mapping[str, Any]
    shared: Mapping[str, Sequence[str]]
    plots: Sequence[Plot]
    groups: Mapping[str, Sequence[str]]  # each exchangeable word with all that mean the same
    alike: re.Pattern[str]


@dataclass
class _Cast:
    """What is fixed for one story: the value of every slot, and the lines that have been used."""

    values: dict[str, str]
    place: Mapping[str, Any]
    animal: bool
    used: set[str] = field(default_factory=set)


def read_grammar(folder: Path = FOLDER) -> Grammar:
    """Read `words.json`, `shared.txt` and `plots.txt`."""
    words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
    shared = dict(_sections((folder / "shared.txt").read_text(encoding="utf-8")))
    plots = [_plot(name, lines) for name, lines in _sections((folder / "plots.txt").read_text(encoding="utf-8"))]
    groups = words["alike"] | {
        word.capitalize(): [each.capitalize() for each in group] for word, group in words["alike"].items()
    }
    alike = re.compile(rf"\b(?:{'|'.join(_by_first_letter(list(groups)))})\b")
    lines = {name: [line for line in section if line] for name, section in shared.items()}
    return Grammar(words, lines, plots, groups, alike)


def write_stories(seed: int = 1, characters: int = 1_060_000, grammar: Grammar | None = None) -> str:
    """The whole corpus: titled stories of two paragraphs, three asterisks between them."""
    grammar = grammar or read_grammar()
    teller = Teller(grammar, seed)
    told: list[str] = []
    length = 0
    for plot in teller.plots():
        story = teller.tell(plot)
        told.append(story)
        length += len(story) + len(BETWEEN)
        if length >= characters:
            break
    return BETWEEN.join(told) + "\n"


class Teller:
    """Tells story after story and remembers what it has said, so as not to say it again."""

    def __init__(self, grammar: Grammar, seed: int) -> None:
        self._grammar = grammar
        self._random = random.Random(seed)
        self._said: set[tuple[str, ...]] = set()
        self._titles: set[str] = set()

    def plots(self) -> Iterator[Plot]:
        """All plots in ever new order, without end."""
        while True:
            rest = list(self._grammar.plots)
            while rest:
                yield rest.pop(self._below(len(rest)))

    def tell(self, plot: Plot, tries: int = 6) -> str:
        """The freshest of some tellings: title, empty line, paragraphs."""
        best, least = "", 2.0
        for _ in range(tries):
            story = self._telling(plot)
            runs = shingles(story)
            repeated = sum(run in self._said for run in runs) / len(runs)
            if repeated < least:
                best, least = story, repeated
            if least < 0.02:
                break
        self._said.update(shingles(best))
        self._titles.add(best.partition("\n")[0])
        return best

    def _telling(self, plot: Plot) -> str:
        while True:
            cast = self._cast(plot)
            drafts = [self._named(draft, cast) for draft in self._drafts(plot)]
            drafts = [polished(self._varied(self._filled(draft, cast))) for draft in drafts]
            manner = self._below(3)  # nobody contracts, only who speaks does, or the storyteller does, too
            drafts = [contracted(draft, everywhere=manner == 2) if manner else draft for draft in drafts]
            texts = [part for draft in drafts for part in halved(draft)]
            if all(len(text.split()) in PARAGRAPH for text in texts):
                break
        titles = [title_case(polished(self._filled(title, cast))) for title in plot.titles]
        fresh = [title for title in titles if title not in self._titles]
        return "\n\n".join([self._one(fresh or titles), *texts])

    def _drafts(self, plot: Plot) -> list[str]:
        """The chosen lines, paragraph by paragraph. Lines of the same place in their beats belong together.

        In a plot that is marked as free, only those of the last paragraph do.
        """
        thread = self._below(2)
        drafts = ["<open>"]
        for beat in plot.beats:
            if beat == ["/"]:
                drafts.append("")
            elif "free" in plot.needs and len(drafts) == 1:
                drafts[-1] += " " + self._one(beat)
            else:
                drafts[-1] += " " + beat[thread % len(beat)]
        return drafts

    def _below(self, limit: int) -> int:
        # random() is the one method that is promised to give the same numbers in every version of Python.
        return int(self._random.random() * limit)

    def _one(self, options: Sequence[Any]) -> Any:
        return options[self._below(len(options))]

    def _pick(self, lines: Sequence[str], cast: _Cast) -> str:
        """A line that this story does not have yet, where there is one."""
        line = str(self._one([line for line in lines if line not in cast.used] or lines))
        cast.used.add(line)
        return line

    def _cast(self, plot: Plot) -> _Cast:
        """Choose who, where and when, and a value for each slot of the plot."""
        words = self._grammar.words
        animal = self._one(plot.needs.get("hero", ["child"])) == "animal"
        prefix = "animal_" if animal else ""
        seasons = plot.needs.get("seasons") or list(words["weather"])
        places = [
            place
            for place in words[f"{prefix}settings"]
            if place["kind"] in plot.needs.get("settings", [place["kind"]])
            and (not place.get("seasons") or set(place["seasons"]) & set(seasons))
        ]
        place = self._one(places)
        values = {
            "season": self._one([season for season in seasons if season in place.get("seasons", seasons)]),
            "where": place["where"],
            "daytime": self._one(["morning", "afternoon"]),
            "a": "a",
            "paw": "paw" if animal else "hand",
            "paws": "paws" if animal else "hands",
            "food": self._one(words[f"{prefix}foods"]),
            "family": self._one(words[f"{prefix}families"]),
        }
        for name, source in (("age", "ages"), ("dream", "dreams"), ("day", "days"), ("number", "numbers")):
            values[name] = self._one(words[source])
        for name, source in (("colour", "colours"), ("tree", "trees"), ("tune", "tunes")):
            values[name] = self._one(words[source])
        values["spot"], values["spot2"] = self._two(place["spots"])
        values["bird"] = self._one(words["birds"])
        values["birds"] = values["bird"] + ("es" if values["bird"].endswith("h") else "s")
        values |= self._people(plot, animal)
        for name, source in plot.slots.items():
            values[name] = self._one(words[source])
        return _Cast(values, place, animal)

    def _two(self, options: Sequence[str]) -> tuple[str, str]:
        first = self._one(options)
        return first, self._one([option for option in options if option != first])

    def _people(self, plot: Plot, animal: bool) -> dict[str, str]:
        """Hero, friend and elder with their kinds and pronouns."""
        words = self._grammar.words
        prefix = "animal_" if animal else ""
        sex = self._one(["girl", "boy"])
        other = {"girl": "boy", "boy": "girl"}[sex] if self._random.random() < 0.75 else sex
        old = self._one(["girl", "boy"])
        hero = self._one(words[f"{prefix}{sex}s"])
        friend = self._one([name for name in words[f"{prefix}{other}s"] if name != hero])
        kin = words[prefix + {"girl": "grandmothers", "boy": "grandfathers"}[old]]
        near = f"{'Mrs.' if old == 'girl' else 'Mr.'} {self._one(words['surnames'])}"
        need = self._one(plot.needs.get("elder", ["family"]))
        strange = not animal and (need == "neighbour" or (need == "either" and self._random.random() < 0.5))
        elder = near if strange else self._one(kin)
        kind, kind2 = self._two(words["animals"]) if animal else (sex, other)
        values = {"hero": hero, "friend": friend, "elder": elder, "kind": kind, "kind2": kind2}
        for number, pronouns in (("", _PRONOUNS[sex]), ("2", _PRONOUNS[other]), ("3", _PRONOUNS[old])):
            values |= {
                name + number: word for name, word in zip(("he", "him", "his", "himself"), pronouns, strict=True)
            }
        return values

    def _filled(self, text: str, cast: _Cast) -> str:
        """Replace [one|of|these], <shared lines> and {slots} from the inside out until none is left."""
        while True:
            filled = _PARTS.sub(lambda found: self._part(found, cast), text)
            if filled == text:
                return text
            text = filled

    def _part(self, found: re.Match[str], cast: _Cast) -> str:
        choice, shared, capital, slot = found.groups()
        if choice is not None:
            return str(self._one(choice.split("|")))
        if shared:
            return self._shared(shared, cast)
        value = cast.values[slot]
        return value[0].upper() + value[1:] if capital else value

    def _varied(self, text: str) -> str:
        """Words that mean the same exchanged at random, and "said Ella" for "Ella said"."""
        text = self._grammar.alike.sub(lambda found: self._one(self._grammar.groups[found[0]]), text)
        return _SPEAKER.sub(lambda found: f"{found[2]} {found[1]}" if self._random.random() < 0.4 else found[0], text)

    def _named(self, draft: str, cast: _Cast) -> str:
        """Sometimes "the girl" or "the fox" for the hero's name, where nobody else could be meant."""
        if cast.values["kind"] == cast.values["kind2"]:
            return draft
        parts = draft.split('"')
        for place in range(0, len(parts), 2):
            parts[place] = re.sub(
                r"\{hero\}(?!')", lambda found: "the {kind}" if self._random.random() < 0.15 else found[0], parts[place]
            )
        return '"'.join(parts)

    def _shared(self, name: str, cast: _Cast) -> str:
        if name == "weather":
            return self._pick(self._grammar.words["weather"][cast.values["season"]], cast)
        if name == "detail":
            # The details speak of bees and open windows, which would be wrong in the snow.
            return "" if cast.values["season"] == "winter" else self._pick(cast.place["details"], cast)
        kind = f"{name} {'animal' if cast.animal else 'child'}"
        return self._pick(self._grammar.shared.get(kind) or self._grammar.shared[name], cast)


def _by_first_letter(words: Sequence[str]) -> Iterator[str]:
    """Alternatives of a pattern, the longest first, grouped so that most places are passed over at one glance."""
    for letter in sorted({word[0] for word in words}):
        tails = sorted((word[1:] for word in words if word[0] == letter), key=lambda tail: (-len(tail), tail))
        yield f"{letter}(?:{'|'.join(tails)})"


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Name and lines of each part that begins with `== name`."""
    for part in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        yield name.strip(), body.strip().split("\n")


def _plot(name: str, lines: Sequence[str]) -> Plot:
    """A header of `word values` lines up to the first empty line, then the beats, separated by empty lines."""
    head, _, body = "\n".join(lines).partition("\n\n")
    needs: dict[str, list[str]] = {}
    slots: dict[str, str] = {}
    titles: list[str] = []
    for line in head.split("\n"):
        word, _, rest = line.partition(" ")
        if word == "title":
            titles.append(rest)
        elif word == "slot":
            slot, source = rest.split()
            slots[slot] = source
        else:
            needs[word] = rest.split()
    return Plot(name, needs, slots, titles, [beat.split("\n") for beat in re.split(r"\n\n+", body.strip())])
