"""Measures the demo model on fresh pictures. The painter below is not the training renderer: it paints whole pictures of
240 to 1024 pixels with Pillow, saves them as JPEG, PNG or WebP, reads them back and does what openai/CLIP's preprocess does.
Its seeds begin at 1,000,000; training's are below."""

import argparse
import colorsys
import csv
import io
import json
import math
import random
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

import bpe
import glyphs
import labels
from captions import CHARACTERS, World
from model import Clip, Sizes
from shapes import COLOUR_NAMES, NUMBERS, SHAPE_NAMES, SHAPES, colour_sample

HERE = Path(__file__).parent
SOURCE = HERE.parent.parent / "models" / "demo" / "source"
FIRST_SEED = 1_000_000
FRAMES = [(640, 480), (480, 640), (800, 600), (600, 800), (300, 300), (512, 512), (320, 240), (240, 320), (720, 540), (1024, 768), (400, 500)]
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
PLAIN_TEMPLATES = ["a photo of {}.", "a picture of {}.", "an image of {}.", "{}"]


# --- the painter ----------------------------------------------------------------------------------------------------

class Painter:
    def __init__(self, seed, frame=None):
        self.rng = random.Random(FIRST_SEED + seed)
        self.width, self.height = frame or self.rng.choice(FRAMES)
        self.side = min(self.width, self.height)

    def _colour(self):
        rng = self.rng
        return tuple(int(v * 255) for v in colorsys.hsv_to_rgb(rng.random(), rng.random() * .9, rng.uniform(.12, 1)))

    def _between(self, ramp, a, b):
        """A picture that goes from colour a to colour b as the gray picture `ramp` goes from black to white."""
        return Image.composite(Image.new("RGB", ramp.size, b), Image.new("RGB", ramp.size, a), ramp)

    def background(self):
        rng, size = self.rng, (self.width, self.height)
        a, b = self._colour(), self._colour()
        kind = rng.choice(["solid", "gradient", "radial", "stripes", "checks", "clouds", "clouds", "blobs", "blobs", "boxes"])
        if kind == "solid":
            return Image.new("RGB", size, a)
        if kind == "gradient":
            ramp = Image.linear_gradient("L").rotate(rng.choice([0, 90, 180, 270])).resize(size)
            return self._between(ramp, a, b)
        if kind == "radial":
            return self._between(Image.radial_gradient("L").resize(size), a, b)
        if kind in ("stripes", "checks"):
            big = max(size) * 2
            ramp, step = Image.new("L", (big, big), 0), rng.randint(self.side // 16, self.side // 4)
            draw = ImageDraw.Draw(ramp)
            for n, x in enumerate(range(0, big, step)):
                if kind == "stripes" and n % 2:
                    draw.rectangle((x, 0, x + step, big), fill=255)
                elif kind == "checks":
                    for m, y in enumerate(range(0, big, step)):
                        if (n + m) % 2:
                            draw.rectangle((x, y, x + step, y + step), fill=255)
            ramp = ramp.rotate(rng.uniform(0, 180), Image.BILINEAR)
            left, top = (big - size[0]) // 2, (big - size[1]) // 2
            return self._between(ramp.crop((left, top, left + size[0], top + size[1])), a, b)
        if kind == "clouds":
            total = Image.new("L", size, 128)
            for cells, share in ((3, .5), (7, .4), (17, .3)):
                grid = Image.new("L", (cells, cells))
                grid.putdata([rng.randrange(256) for _ in range(cells * cells)])
                total = Image.blend(total, grid.resize(size, Image.BICUBIC), share)
            return self._between(total, a, b)
        image = Image.new("RGB", size, a)
        draw = ImageDraw.Draw(image)
        for _ in range(rng.randint(4, 14)):
            w, h = rng.uniform(.06, .45) * self.side, rng.uniform(.06, .45) * self.side
            x, y = rng.uniform(-w, self.width), rng.uniform(-h, self.height)
            (draw.ellipse if kind == "blobs" else draw.rectangle)((x, y, x + w, y + h), fill=self._colour())
        return image.filter(ImageFilter.GaussianBlur(self.side * (rng.uniform(.01, .05) if kind == "blobs" else .002)))

    def _spot(self, size):
        """A centre, in pixels, that keeps a thing of that size (in parts of the short side) inside the middle square."""
        room = (1 - size) / 2 * self.side * .9
        return self.width / 2 + self.rng.uniform(-room, room), self.height / 2 + self.rng.uniform(-room, room)

    def glyph(self, char, low=.42, high=.95):
        rng, image, size = self.rng, self.background(), self.rng.uniform(low, high)
        picture = glyphs.picture(char)
        flat = Image.new("RGB", picture.size, (0, 0, 0))
        flat.paste(picture, mask=picture.getchannel("A"))  # premultiplied
        pixels, turn = round(size * self.side), rng.uniform(-14, 14)
        flat, alpha = (part.resize((pixels, pixels), Image.BICUBIC).rotate(turn, Image.BICUBIC) for part in (flat, picture.getchannel("A")))
        x, y = self._spot(size)
        return self._lay(image, flat, alpha, x - pixels / 2, y - pixels / 2)

    @staticmethod
    def _lay(image, premultiplied, alpha, x, y):
        """Premultiplied colours over the picture: what shows through plus what lies on top."""
        box = (round(x), round(y))
        cover, veil = Image.new("RGB", image.size), Image.new("L", image.size)
        cover.paste(premultiplied, box)
        veil.paste(alpha, box)
        dimmed = ImageChops.multiply(image, Image.merge("RGB", [ImageChops.invert(veil)] * 3))
        return ImageChops.add(dimmed, cover)

    def _apart_from(self, colour):
        """A background that is nowhere much like that colour."""
        for _ in range(60):
            image = self.background()
            pixels = np.asarray(image.resize((24, 24)), np.float32).reshape(-1, 3) / 255
            if (np.linalg.norm(pixels - np.array(colour), axis=1) < .38).mean() < .05:
                return image
        bright = sum(colour) > 1.5
        return Image.new("RGB", (self.width, self.height), (40, 44, 60) if bright else (225, 228, 215))

    def shape(self, shape, colour, count=1, low=.3, high=.9):
        rng = self.rng
        rgb = colour_sample(colour, rng.uniform)
        image = self._apart_from(rgb)
        mask = Image.new("L", image.size, 0)
        if count == 1:
            size = rng.uniform(low, high)
            places = [(*self._spot(size), size)]
        else:
            grid = {2: [(-1, 0), (1, 0)], 3: [(-1, .8), (1, .8), (0, -.8)], 4: [(-1, -1), (1, -1), (-1, 1), (1, 1)],
                    5: [(-1.1, -1.1), (1.1, -1.1), (-1.1, 1.1), (1.1, 1.1), (0, 0)]}[count]
            reach, size = self.side * rng.uniform(.23, .26), rng.uniform(.27, .33)
            places = [(self.width / 2 + x * reach, self.height / 2 + y * reach, size) for x, y in grid]
        turn = math.radians(rng.uniform(-10, 10))
        for x, y, part in places:
            mask = ImageChops.lighter(mask, self._outline(SHAPES[shape], image.size, x, y, part * self.side / 2, turn))
        image.paste(tuple(round(v * 255) for v in rgb), mask=mask)
        return image

    @staticmethod
    def _outline(outlines, size, x, y, radius, turn, fine=2):
        mask = Image.new("L", (size[0] * fine, size[1] * fine), 0)
        draw, cos, sin = ImageDraw.Draw(mask), math.cos(turn), math.sin(turn)
        for n, outline in enumerate(outlines):
            draw.polygon([((x + radius * (u * cos - v * sin)) * fine, (y + radius * (u * sin + v * cos)) * fine) for u, v in outline],
                         fill=0 if n else 255)
        return mask.resize(size, Image.BOX)

    def letter(self, sign, colour):
        rng = self.rng
        rgb = colour_sample(colour, rng.uniform)
        image = self._apart_from(rgb)
        name = rng.choice(["DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono"])
        size = rng.uniform(.5, .95)
        face = ImageFont.truetype(f"/usr/share/fonts/truetype/dejavu/{name}.ttf", round(size * self.side * .85))
        mask = Image.new("L", image.size, 0)
        ImageDraw.Draw(mask).text(self._spot(size), rng.choice([sign, sign.upper()]), font=face, fill=255, anchor="mm")
        image.paste(tuple(round(v * 255) for v in rgb), mask=mask)
        return image

    def saved(self, image):
        """(bytes, file ending): JPEG mostly."""
        rng, packed = self.rng, io.BytesIO()
        ending = rng.choice(["jpg", "jpg", "jpg", "png", "webp"])
        if ending == "jpg":
            image.save(packed, "JPEG", quality=rng.randint(70, 95))
        elif ending == "png":
            image.save(packed, "PNG", compress_level=1)
        else:
            image.save(packed, "WEBP", quality=rng.randint(70, 95), method=2)
        return packed.getvalue(), ending


def preprocess(image, side=64):
    """openai/CLIP's: short side to `side` by bicubic, middle square, 0..1, mean and deviation."""
    image = image.convert("RGB")
    w, h = image.size
    if w <= h:
        image = image.resize((side, int(side * h / w)), Image.BICUBIC)
    else:
        image = image.resize((int(side * w / h), side), Image.BICUBIC)
    left, top = int(round((image.width - side) / 2)), int(round((image.height - side) / 2))
    array = np.asarray(image.crop((left, top, left + side, top + side)), np.float32) / 255
    return torch.from_numpy(((array - np.array(MEAN, np.float32)) / np.array(STD, np.float32)).transpose(2, 0, 1))


# --- the tasks ------------------------------------------------------------------------------------------------------

class Task:
    """Candidate captions (as bodies for the templates) and pictures, each with the number of its right candidate."""

    def __init__(self, name, candidates, templates):
        self.name, self.candidates, self.templates, self.pictures = name, candidates, templates, []

    def add(self, right, paint):
        self.pictures.append((right, paint))


def tasks(world, each_label=16, each_glyph=2, each_pair=20, each_trained=4, each_letter=8, each_count=12, seed=0):
    """The tasks, in order. Each picture has its own seed, so a task's pictures do not depend on the others'."""
    found = []
    showing = labels.showing(world)
    task = Task("64 labels", labels.LABELS, labels.TEMPLATES)
    for right, label in enumerate(labels.LABELS):
        for n in range(each_label):
            if showing[label]:
                char = world.glyphs[showing[label][n % len(showing[label])]].char
                task.add(right, lambda p, char=char: p.glyph(char))
            else:
                colour, shape = label.split()
                task.add(right, lambda p, colour=colour, shape=shape: p.shape(shape, colour))
    found.append(task)

    task = Task("all glyph names", [g.name for g in world.glyphs], labels.TEMPLATES)
    for right, glyph in enumerate(world.glyphs):
        for _ in range(each_glyph):
            task.add(right, lambda p, char=glyph.char: p.glyph(char))
    found.append(task)

    pairs = [(c, s) for c in COLOUR_NAMES for s in SHAPE_NAMES]
    names = [f"{c} {s}" for c, s in pairs]
    held = Task("held-out pairs", names, labels.TEMPLATES)
    trained = Task("trained pairs", names, labels.TEMPLATES)
    for right, (colour, shape) in enumerate(pairs):
        out = (COLOUR_NAMES.index(colour), SHAPE_NAMES.index(shape)) in world.held_out
        for _ in range(each_pair if out else each_trained):
            (held if out else trained).add(right, lambda p, colour=colour, shape=shape: p.shape(shape, colour))
    found += [held, trained]

    signs = [f"the {'letter' if s.isalpha() else 'digit'} {s}" for s in CHARACTERS]
    task = Task("letters and digits", signs, PLAIN_TEMPLATES)
    for right, sign in enumerate(CHARACTERS):
        for _ in range(each_letter):
            task.add(right, lambda p, sign=sign: p.letter(sign, p.rng.choice(COLOUR_NAMES)))
    found.append(task)

    task = Task("counts", ["a shape", *(f"{word} shapes" for word in NUMBERS.values())], PLAIN_TEMPLATES)
    rng = random.Random(5)
    allowed = [p for p in pairs if (COLOUR_NAMES.index(p[0]), SHAPE_NAMES.index(p[1])) not in world.held_out]
    for right in range(5):
        for _ in range(each_count):
            colour, shape = rng.choice(allowed)
            task.add(right, lambda p, colour=colour, shape=shape, right=right: p.shape(shape, colour, right + 1, .3, .7))
    found.append(task)
    for number, task in enumerate(found):
        task.seed = seed + number * 20_000
    return found


def paint(task):
    """Yields (right, file bytes, ending)."""
    for n, (right, draw) in enumerate(task.pictures):
        painter = Painter(task.seed + n)
        yield (right, *painter.saved(draw(painter)))


def tensors(task):
    pixels, rights = [], []
    for right, data, _ in paint(task):
        pixels.append(preprocess(Image.open(io.BytesIO(data))))
        rights.append(right)
    return torch.stack(pixels), torch.tensor(rights)


# --- the measure ----------------------------------------------------------------------------------------------------

@torch.no_grad()
def label_vectors(model, words, candidates, templates):
    total = 0
    for template in templates:
        tokens = words.batch([template.format(c) for c in candidates])
        total = total + F.normalize(torch.cat([model.encode_text(part) for part in tokens.split(256)]), dim=1)
    return F.normalize(total, dim=1)


@torch.no_grad()
def guess(model, words, task, pixels):
    pictures = F.normalize(torch.cat([model.encode_image(part) for part in pixels.split(128)]), dim=1)
    return pictures @ label_vectors(model, words, task.candidates, task.templates).T


def interval(hits, n, z=1.96):
    """Wilson's 95 % interval of a share."""
    share, q = hits / n, z * z / n
    middle, half = (share + q / 2) / (1 + q), z * math.sqrt(share * (1 - share) / n + q / (4 * n)) / (1 + q)
    return middle - half, middle + half


def measure(model, words, world, sets):
    """task name -> figures; sets: (task, pixels, rights)."""
    model.eval()
    figures = {}
    for task, pixels, rights in sets:
        scores = guess(model, words, task, pixels)
        best = scores.argmax(1)
        hits = int((best == rights).sum())
        low, high = interval(hits, len(rights))
        figures[task.name] = {"top1": hits / len(rights), "low": low, "high": high, "pictures": len(rights), "candidates": len(task.candidates),
                              "top5": float((scores.topk(min(5, scores.shape[1]), 1).indices == rights[:, None]).any(1).float().mean())}
        if task.name.endswith("pairs"):
            n = len(SHAPE_NAMES)
            figures[task.name] |= {"colour": float((best // n == rights // n).float().mean()), "shape": float((best % n == rights % n).float().mean())}
    return figures


def quick(model, words, world):
    """On a small fixed set, drawn once with seeds that neither training nor the final measure uses."""
    path = HERE / "work" / "quick.pt"
    chosen = tasks(world, 6, 1, 10, 2, 4, 8, seed=5_000_000)
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        torch.save([tensors(task) for task in chosen], path)
    return measure(model, words, world, [(task, *data) for task, data in zip(chosen, torch.load(path))])


def line(figures):
    return ", ".join(f"{name} {f['top1']:.1%}" + (f" (colour {f['colour']:.0%}, shape {f['shape']:.0%})" if "colour" in f else "")
                     for name, f in figures.items())


# --- the command ----------------------------------------------------------------------------------------------------

def load_source(folder):
    """The shipped files: fp16 weights, widened."""
    import export
    state = {k: v.float() for k, v in export.read_safetensors(folder / "model.safetensors").items()}
    words = bpe.Tokenizer(bpe.read(folder / "bpe_vocab.txt.gz"))
    model = Clip(export.sizes_of(state))
    missing = [k for k in model.load_state_dict(state, strict=False).missing_keys if not k.endswith("num_batches_tracked")]
    assert not missing, missing
    return model, words


def load_checkpoint(path):
    saved = torch.load(path)
    words = bpe.Tokenizer(bpe.read(path.parent / "bpe_vocab.txt.gz"))
    model = Clip(Sizes(**saved["sizes"]))
    model.load_state_dict({k: v.half().float() if v.is_floating_point() else v for k, v in saved["average"].items()})
    print(f"step {saved['step']} of {saved['steps']}, {saved['spent'] / 60:.0f} minutes")
    return model, words


def write(folder, world):
    """512 pictures of the 64-label task as files, with labels.csv (file, label), for measuring other pipelines on them."""
    folder.mkdir(parents=True, exist_ok=True)
    task = tasks(world, each_label=8)[0]
    with open(folder / "labels.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "label"])
        for n, (right, data, ending) in enumerate(paint(task)):
            name = f"{n:04d}.{ending}"
            (folder / name).write_bytes(data)
            table.writerow([name, task.candidates[right]])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=SOURCE, help="folder of the exported model")
    parser.add_argument("--checkpoint", type=Path, help="measure a training checkpoint instead")
    parser.add_argument("--quick", action="store_true", help="the small fixed set")
    parser.add_argument("--write", type=Path, metavar="DIR", help="only write the 64-label pictures as files")
    parser.add_argument("--keep", type=Path, help="keep the pictures, as tensors, in this file and take them from there next time")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--wrong", action="store_true", help="list the commonest mistakes")
    args = parser.parse_args()
    world = World()
    if args.write:
        return write(args.write, world)
    model, words = load_checkpoint(args.checkpoint) if args.checkpoint else load_source(args.model)
    if args.quick:
        return print(line(quick(model, words, world)))
    chosen = tasks(world)
    drawn = torch.load(args.keep) if args.keep and args.keep.exists() else [tensors(task) for task in chosen]
    if args.keep and not args.keep.exists():
        torch.save(drawn, args.keep)
    sets = [(task, *data) for task, data in zip(chosen, drawn)]
    figures = measure(model, words, world, sets)
    for name, f in figures.items():
        print(f"{name:20} {f['top1']:6.1%}  ({f['low']:.1%} to {f['high']:.1%}), top-5 {f['top5']:.1%}, {f['pictures']} pictures, {f['candidates']} captions"
              + (f", colour {f['colour']:.1%}, shape {f['shape']:.1%}" if "colour" in f else ""))
    if args.wrong:
        for task, pixels, rights in sets:
            best = guess(model, words, task, pixels).argmax(1)
            print(task.name, Counter((task.candidates[r], task.candidates[b]) for r, b in zip(rights.tolist(), best.tolist()) if r != b).most_common(25))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
