"""A training batch: which things to draw, where, and what to call them. Chance depends on (seed, step) alone."""

import numpy as np
import torch

from captions import CHARACTERS, GLYPH, LETTER, SHAPE, Facts, glyph_caption, letter_caption, shape_caption
from render import Things
from shapes import COLOUR_NAMES, SHAPE_NAMES, colour_sample

PLACES = {2: [(-.45, 0), (.45, 0)], 3: [(-.5, .35), (.5, .35), (0, -.4)], 4: [(-.45, -.45), (.45, -.45), (-.45, .45), (.45, .45)],
          5: [(-.55, -.55), (.55, -.55), (-.55, .55), (.55, .55), (0, 0)]}


class Batches:
    def __init__(self, world, renderer, of_letter, weights, seed, size=128, shapes=30, letters=20):
        self.world, self.renderer, self.of_letter, self.seed = world, renderer, of_letter, seed
        self.counts = size - shapes - letters, shapes, letters
        self.weights = weights / weights.sum()

    def make(self, step):
        """Normalised pixels, what the pictures show, the captions' texts, what the captions say."""
        rng = np.random.default_rng([self.seed, step])
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        things, shown, texts, said = Things(), [], [], []
        glyphs, shapes, letters = self.counts
        for glyph in rng.choice(len(self.weights), glyphs, replace=False, p=self.weights):
            self._glyph(rng, things, shown, texts, said, int(glyph))
        colours = rng.choice(len(COLOUR_NAMES), 3, replace=False)
        for _ in range(shapes):
            self._shape(rng, things, shown, texts, said, int(rng.choice(colours)))
        for _ in range(letters):
            self._letter(rng, things, shown, texts, said, colours)
        pixels = self.renderer.draw(things, len(shown), generator)
        return pixels, Facts.of(shown), texts, Facts.of(said)

    @staticmethod
    def _spot(rng, size):
        """A centre for a thing of that size: wholly or nearly wholly inside."""
        room = .85 * max(1 - size, 0) + .06
        return rng.uniform(-room, room, 2)

    def _glyph(self, rng, things, shown, texts, said, glyph):
        world = self.world
        size = rng.uniform(.36, 1.0)
        things.add(len(shown), 0, glyph, size, *self._spot(rng, size), rng.normal(0, .16), np.exp(rng.normal(0, .05)))
        shown.append((GLYPH, glyph, -1, 1, 1))
        names, keywords = world.names[glyph], world.keywords[glyph]
        dice = rng.random()
        if keywords and dice < .15:
            phrase = rng.choice(keywords)
        elif len(names) > 1 and dice < .6:
            phrase = rng.choice(names[1:])
        else:
            phrase = names[0]
        texts.append(glyph_caption(world, rng, phrase))
        said.append((GLYPH, phrase, -1, -1, -1))

    def _shape(self, rng, things, shown, texts, said, colour):
        shape = int(rng.choice(self.world.trained_shapes(colour)))
        count = int(rng.choice([1, 2, 3, 4, 5], p=[.72, .08, .08, .06, .06]))
        turn, aspect = rng.normal(0, .12), np.exp(rng.normal(0, .04))
        if count == 1:
            size = rng.uniform(.2, .95)
            kind = 0 if size < .33 else 2 if size > .66 else 1
            spots = [self._spot(rng, size)]
        else:
            size, kind = rng.uniform(.26, .38 if count < 4 else .33), 1
            spots = [np.array(p) * rng.uniform(.95, 1.1) + rng.uniform(-.06, .06, 2) for p in PLACES[count]]
        rgb = colour_sample(COLOUR_NAMES[colour], rng.uniform)
        for layer, (x, y) in enumerate(spots):
            things.add(len(shown), layer, shape, size * rng.uniform(.95, 1.05) if count > 1 else size, x, y, turn + rng.normal(0, .05), aspect, rgb)
        shown.append((SHAPE, shape, colour, count, kind))
        dice = rng.random()
        told_shape, told_colour = (-1 if dice < .06 else shape), (-1 if .06 <= dice < .16 else colour)
        told_size = kind if kind != 1 and count == 1 and rng.random() < .2 else -1
        texts.append(shape_caption(rng, told_shape, told_colour, count, told_size))
        said.append((SHAPE, told_shape, told_colour, count, told_size))

    def _letter(self, rng, things, shown, texts, said, colours):
        letter = int(rng.integers(len(CHARACTERS)))
        colour = int(rng.choice(colours)) if rng.random() < .7 else int(rng.integers(len(COLOUR_NAMES)))
        size = rng.uniform(.4, 1.1)
        things.add(len(shown), 0, int(rng.choice(self.of_letter[letter])), size, *self._spot(rng, size), rng.normal(0, .1),
                   np.exp(rng.normal(0, .05)), colour_sample(COLOUR_NAMES[colour], rng.uniform))
        shown.append((LETTER, letter, colour, 1, 1))
        told = colour if rng.random() < .4 else -1
        texts.append(letter_caption(rng, letter, told))
        said.append((LETTER, letter, told, -1, -1))
