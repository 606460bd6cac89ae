"""Draws the pictures in samples/: each shows one of the default labels, from seeds that training never uses, and is kept only
if the exported model tags it right and is sure of it."""

import argparse
import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

import labels
from captions import World
from evaluate import SOURCE, Painter, Task, guess, load_source, preprocess

SEED = 20_000_000
PASTELS = [((255, 236, 210), (252, 182, 159)), ((224, 242, 254), (125, 190, 235)), ((236, 252, 203), (140, 200, 120)), ((250, 232, 255), (200, 160, 225)),
           ((254, 249, 195), (245, 205, 110)), ((204, 240, 235), (90, 175, 170)), ((226, 232, 240), (120, 135, 160)), ((255, 228, 230), (235, 130, 150))]
SAMPLES = [  # file, label, glyph or none, frame, which of the pastels
    ("cat.jpg", "cat", "🐈", (640, 480), 3), ("dog.jpg", "dog", "🐶", (480, 640), 5), ("elephant.png", "elephant", "🐘", (640, 480), 2),
    ("butterfly.webp", "butterfly", "🦋", (800, 600), 0), ("penguin.jpg", "penguin", "🐧", (480, 640), 5), ("strawberry.jpg", "strawberry", "🍓", (640, 480), 6),
    ("pizza.png", "pizza", "🍕", (300, 300), 3), ("ice-cream.webp", "ice cream", "🍨", (480, 640), 1), ("bus.jpg", "bus", "🚌", (800, 600), 4),
    ("tractor.png", "tractor", "🚜", (640, 480), 4), ("rocket.jpg", "rocket", "🚀", (480, 640), 1), ("red-triangle.png", "red triangle", None, (300, 300), 1),
]


class SamplePainter(Painter):
    """A calm background: two pale colours and a few soft discs of light."""

    def __init__(self, seed, frame, pastel):
        super().__init__(seed, frame)
        self.pastel = PASTELS[pastel]

    def background(self):
        light, deep = self.pastel
        if self.rng.random() < .5:
            light, deep = deep, light
        image = self._between(Image.linear_gradient("L").resize((self.width, self.height)), light, deep)
        discs = Image.new("L", image.size, 0)
        draw = ImageDraw.Draw(discs)
        for _ in range(self.rng.randint(3, 7)):
            r, x, y = self.rng.uniform(.04, .16) * self.side, self.rng.uniform(0, self.width), self.rng.uniform(0, self.height)
            draw.ellipse((x - r, y - r, x + r, y + r), fill=self.rng.randint(30, 90))
        image.paste((255, 255, 255), mask=discs.filter(ImageFilter.GaussianBlur(self.side * .012)))
        return image


def encoded(image, name):
    packed = io.BytesIO()
    if name.endswith(".jpg"):
        image.save(packed, "JPEG", quality=88, subsampling="4:2:0", optimize=True)
    elif name.endswith(".png"):
        image.save(packed, "PNG", optimize=True)
    else:
        image.save(packed, "WEBP", quality=85, method=6)
    return packed.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SOURCE)
    parser.add_argument("--out", type=Path, default=SOURCE.parent.parent.parent / "samples")
    args = parser.parse_args()
    World()
    model, words = load_source(args.model)
    model.eval()
    task = Task("64 labels", labels.LABELS, labels.TEMPLATES)
    scale = float(model.logit_scale.detach().exp())
    args.out.mkdir(exist_ok=True)
    for number, (name, label, char, frame, pastel) in enumerate(SAMPLES):
        for attempt in range(20):
            painter = SamplePainter(SEED + 100 * number + attempt, frame, pastel)
            image = painter.glyph(char, .62, .84) if char else painter.shape(label.split()[1], label.split()[0], low=.5, high=.6)
            data = encoded(image, name)
            scores = (guess(model, words, task, preprocess(Image.open(io.BytesIO(data)))[None]) * scale).softmax(1)[0]
            sure, best = scores.max(0)
            if labels.LABELS[best] == label and sure > .9:
                (args.out / name).write_bytes(data)
                print(f"{name:18} {label} {sure:.3f} (attempt {attempt + 1}), {len(data) // 1024} KiB")
                break
        else:
            raise SystemExit(f"{name}: no attempt was tagged {label}")


if __name__ == "__main__":
    main()
