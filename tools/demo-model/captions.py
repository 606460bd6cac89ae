"""What a picture may truly be called. A picture is a glyph, some drawn shapes of one kind, or a letter or digit;
a caption is one of the same, with less said. `truth` tells which captions are true of which pictures."""

import string
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

import glyphs
from shapes import COLOUR_NAMES, NUMBERS, SHAPE_NAMES, held_out_pairs, plural

GLYPH, SHAPE, LETTER = 0, 1, 2
CHARACTERS = list(string.ascii_lowercase + string.digits)

THING = ["a photo of a {}.", "a picture of a {}.", "an image of a {}.", "a drawing of a {}.", "an emoji of a {}.", "{}", "a {}", "the {}",
         "a small {}.", "a photo of the {}.", "this is a {}."]
THING_WEIGHTS = np.array([5, 4, 2, 1, 3, 4, 2, 1, 0, 1, 1], float)
PLAIN = ["a photo of {}.", "a picture of {}.", "an image of {}.", "a drawing of {}.", "{}", "{}.", "this is {}."]
PLAIN_WEIGHTS = np.array([5, 4, 2, 1, 4, 1, 1], float)


@dataclass
class Facts:
    """Columns of integers, one row a picture or caption. -1 says: not told. `item` is a glyph (of a picture) or a
    phrase (of a caption), a shape, or a character, by kind."""
    kind: np.ndarray
    item: np.ndarray
    colour: np.ndarray
    count: np.ndarray
    size: np.ndarray  # 0 small, 1 neither, 2 large

    @staticmethod
    def of(rows):
        columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
        return Facts(*columns)

    @staticmethod
    def join(a, b):
        return Facts(*(np.concatenate([getattr(a, f), getattr(b, f)]) for f in ("kind", "item", "colour", "count", "size")))


class World:
    def __init__(self):
        self.glyphs = glyphs.load()
        self.held_out = {(COLOUR_NAMES.index(c), SHAPE_NAMES.index(s)) for c, s in held_out_pairs()}
        self.phrases = list(dict.fromkeys(p for g in self.glyphs for p in (*g.names, *g.keywords)))
        self.phrase_id = {p: n for n, p in enumerate(self.phrases)}
        self.names = [[self.phrase_id[p] for p in g.names] for g in self.glyphs]
        self.keywords = [[self.phrase_id[p] for p in g.keywords] for g in self.glyphs]
        self.says = np.zeros((len(self.glyphs), len(self.phrases)), bool)
        for row, names, keywords in zip(self.says, self.names, self.keywords):
            row[names + keywords] = True
        # a drawn star is a star too: glyph and shape that share the word are neither right nor wrong for each other
        words = [set(" ".join((*g.names, *g.keywords)).split()) for g in self.glyphs]
        self.glyph_like_shape = np.array([[s in w for s in SHAPE_NAMES] for w in words])
        self.phrase_like_shape = np.array([[s in p.split() for s in SHAPE_NAMES] for p in self.phrases])

    @lru_cache(maxsize=None)
    def trained_shapes(self, colour):
        return [s for s in range(len(SHAPE_NAMES)) if (colour, s) not in self.held_out]

    def truth(self, pictures, captions):
        """(right, ambiguous): boolean matrices, pictures x captions."""
        p = {f: getattr(pictures, f)[:, None] for f in ("kind", "item", "colour", "count", "size")}
        c = {f: getattr(captions, f)[None, :] for f in ("kind", "item", "colour", "count", "size")}
        same = p["kind"] == c["kind"]
        told = lambda field: (c[field] < 0) | (p[field] == c[field])
        drawn = same & (p["kind"] != GLYPH) & told("item") & told("colour") & told("count") & told("size")
        p_glyph, c_glyph = p["kind"] == GLYPH, c["kind"] == GLYPH
        p_item, c_item = np.where(p_glyph, p["item"], 0), np.where(c_glyph, c["item"], 0)
        named = p_glyph & c_glyph & self.says[p_item, c_item]
        right = drawn | named
        p_shape, c_shape = np.where(p["kind"] == SHAPE, p["item"], 0), np.where((c["kind"] == SHAPE) & (c["item"] >= 0), c["item"], 0)
        mixed = p_glyph & (c["kind"] == SHAPE) & (self.glyph_like_shape[p_item, c_shape] | (c["item"] < 0))
        mixed |= (p["kind"] == SHAPE) & c_glyph & self.phrase_like_shape[c_item, p_shape]
        return right, mixed


def fill(rng, body, thing=True):
    templates, weights = (THING, THING_WEIGHTS) if thing else (PLAIN, PLAIN_WEIGHTS)
    return templates[rng.choice(len(templates), p=weights / weights.sum())].format(body)


def glyph_caption(world, rng, phrase):
    return fill(rng, world.phrases[phrase])


SIZE_WORDS = {0: ["small", "tiny", "little"], 2: ["large", "big"]}


def shape_caption(rng, shape, colour, count, size):
    """-1 leaves the shape or the colour unsaid; size is said when it is 0 or 2."""
    words = [rng.choice(SIZE_WORDS[size])] if size in SIZE_WORDS else []
    if colour >= 0:
        words.append(COLOUR_NAMES[colour])
    noun = "shape" if shape < 0 else SHAPE_NAMES[shape]
    if count == 1:
        if colour >= 0 and shape >= 0 and size < 0 and rng.random() < .1:
            return f"a {noun} that is {COLOUR_NAMES[colour]}"
        return fill(rng, " ".join([*words, noun]))
    return fill(rng, " ".join([NUMBERS[count], *words, plural(noun)]), thing=False)


def letter_caption(rng, character, colour):
    sign = CHARACTERS[character]
    noun = "letter" if sign.isalpha() else "digit"
    if colour >= 0:
        return fill(rng, f"{COLOUR_NAMES[colour]} {noun} {sign}" if rng.random() < .6 else f"{noun} {sign} in {COLOUR_NAMES[colour]}")
    return fill(rng, f"the {noun} {sign}", thing=False)


def corpus(world):
    """The text from which the merges are learned."""
    texts = []
    for glyph in world.glyphs:
        texts += [t.format(n) for n in glyph.names for t in ("a photo of a {}.", "{}", "{}")] + list(glyph.keywords)
    for colour in COLOUR_NAMES:
        texts += [f"a photo of a {colour} {shape}." for shape in SHAPE_NAMES] + [f"three {colour} {plural(shape)}" for shape in SHAPE_NAMES]
        texts += [f"a large {colour} shape", f"a small {colour} shape", f"a tiny little big {colour} shape", f"the letter in {colour}"] * 3
    for number in NUMBERS.values():
        texts += [f"a picture of {number} {plural(shape)}" for shape in SHAPE_NAMES]
    texts += ["a photo of the letter", "an image of the digit", "a drawing of a", "this is an emoji of a thing that is", "a bad photo of many"] * 20
    return texts
