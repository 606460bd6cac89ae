"""Colours and shapes: what they are called, how they look, and which pairs no training picture or caption shows."""

import colorsys
import math
import random

# hue in degrees, saturation, value: each a range
COLOURS = {
    "red": ((-8, 6), (.80, 1), (.70, 1)), "orange": ((24, 34), (.85, 1), (.92, 1)), "yellow": ((51, 58), (.75, 1), (.92, 1)),
    "green": ((100, 145), (.60, 1), (.45, .85)), "cyan": ((176, 188), (.65, 1), (.85, 1)), "blue": ((216, 238), (.75, 1), (.60, 1)),
    "purple": ((268, 284), (.60, .95), (.50, .85)), "pink": ((328, 344), (.32, .52), (.95, 1)), "brown": ((18, 27), (.62, .82), (.34, .50)),
    "black": ((0, 360), (0, .3), (0, .09)), "white": ((0, 360), (0, .03), (.96, 1)), "gray": ((0, 360), (0, .05), (.40, .62)),
}
COLOUR_NAMES = list(COLOURS)


def colour_sample(name, uniform):
    """One RGB colour in 0..1 of that name; uniform(low, high) is the source of chance."""
    hue, saturation, value = (uniform(*r) for r in COLOURS[name])
    return colorsys.hsv_to_rgb((hue % 360) / 360, saturation, value)


def _regular(n, turn=0.0, radius=1.0):
    return [(radius * math.sin(turn + 2 * math.pi * k / n), -radius * math.cos(turn + 2 * math.pi * k / n)) for k in range(n)]


def _star():
    points = []
    for k in range(10):
        r, a = (1.0 if k % 2 == 0 else .42), math.pi * k / 5
        points.append((r * math.sin(a), -r * math.cos(a)))
    return points


def _heart():
    points = []
    for k in range(80):
        t = 2 * math.pi * k / 80
        points.append((math.sin(t) ** 3, -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16))
    return points


def _crescent():
    outer = [(math.cos(a), math.sin(a)) for a in (math.radians(d) for d in range(40, 321, 4))]
    inner = [(.42 + .78 * math.cos(a), .78 * math.sin(a)) for a in (math.radians(d) for d in range(304, 55, -4))]
    return [(x + .15, y) for x, y in outer + inner]


_circle = _regular(90)
_w = .36
# each shape: outlines in the square -1..1; every outline after the first is a hole
SHAPES = {
    "circle": [_circle],
    "square": [[(-.85, -.85), (.85, -.85), (.85, .85), (-.85, .85)]],
    "triangle": [_regular(3)],
    "star": [_star()],
    "heart": [_heart()],
    "diamond": [[(0, -1), (.72, 0), (0, 1), (-.72, 0)]],
    "pentagon": [_regular(5)],
    "hexagon": [_regular(6, math.pi / 6)],
    "cross": [[(-_w, -1), (_w, -1), (_w, -_w), (1, -_w), (1, _w), (_w, _w), (_w, 1), (-_w, 1), (-_w, _w), (-1, _w), (-1, -_w), (-_w, -_w)]],
    "ring": [_circle, _regular(90, radius=.6)],
    "crescent": [_crescent()],
    "arrow": [[(-1, -.3), (.1, -.3), (.1, -.8), (1, 0), (.1, .8), (.1, .3), (-1, .3)]],
    "oval": [[(x, y * .58) for x, y in _circle]],
    "rectangle": [[(-1, -.5), (1, -.5), (1, .5), (-1, .5)]],
    "semicircle": [[(math.cos(a), .5 - math.sin(a)) for a in (math.radians(d) for d in range(0, 181, 4))]],
    "trapezoid": [[(-.5, -.6), (.5, -.6), (1, .6), (-1, .6)]],
}
SHAPE_NAMES = list(SHAPES)
PLURALS = {"cross": "crosses"}
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}


def plural(shape):
    return PLURALS.get(shape, shape + "s")


def held_out_pairs(share=0.15):
    """(colour, shape) pairs that training never shows nor names. Each colour and each shape gives at most three.
    Pairs that a glyph shows (a red heart, a yellow star, a blue diamond) are never chosen."""
    rng = random.Random(20)
    pairs = [(c, s) for c in COLOUR_NAMES for s in SHAPE_NAMES if s not in ("heart", "star", "diamond")]
    rng.shuffle(pairs)
    wanted, chosen = round(share * len(COLOUR_NAMES) * len(SHAPE_NAMES)), []
    for colour, shape in pairs:
        if len(chosen) < wanted and sum(c == colour for c, _ in chosen) < 3 and sum(s == shape for _, s in chosen) < 3:
            chosen.append((colour, shape))
    return sorted(chosen)


if __name__ == "__main__":
    print(len(held_out_pairs()), held_out_pairs())
