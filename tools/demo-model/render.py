"""Training pictures, a batch at a time, in torch: every glyph, shape and letter is drawn once into a texture with mip
levels; a batch lays textures over backgrounds on a canvas, spoils it a little and shrinks it as CLIP would."""

import io
import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import glyphs
from captions import CHARACTERS
from shapes import SHAPE_NAMES, SHAPES

CANVAS, SIZE = 96, 64
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
LEVELS = (136, 68, 34)
FONTS = ["DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSansMono", "DejaVuSansCondensed-Bold",
         "DejaVuSans-Oblique", "DejaVuSansMono-Bold"]


# --- textures -------------------------------------------------------------------------------------------------------

def _mips(image):
    """Premultiplied RGBA (or alpha alone) at each level, channels first."""
    array = np.asarray(image, np.float32) / 255
    if array.ndim == 3:
        array[..., :3] *= array[..., 3:]
        planes = list(array.transpose(2, 0, 1))
    else:
        planes = [array]
    out = []
    for side in LEVELS:
        level = np.stack([np.asarray(Image.fromarray(p, "F").resize((side, side), Image.BICUBIC)) for p in planes])
        out.append(torch.from_numpy((level.clip(0, 1) * 255).round().astype(np.uint8)))
    return out


def shape_mask(outlines, side=136, fill=.94, oversample=4):
    big = side * oversample
    mask = Image.new("L", (big, big), 0)
    draw = ImageDraw.Draw(mask)
    for n, outline in enumerate(outlines):
        draw.polygon([((x * fill + 1) * big / 2, (y * fill + 1) * big / 2) for x, y in outline], fill=0 if n else 255)
    return mask.resize((side, side), Image.BOX)


def letter_mask(sign, font, side=136):
    face = ImageFont.truetype(f"/usr/share/fonts/truetype/dejavu/{font}.ttf", 120)
    left, top, right, bottom = face.getbbox(sign)
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).text(((side - right - left) / 2, (side - bottom - top) / 2), sign, font=face, fill=255)
    return mask


def textures():
    """levels -> (glyph textures uint8 [n,4,s,s], mask textures [n,1,s,s]); and the mask numbers of each item."""
    glyph_levels = [_mips(glyphs.picture(g.char)) for g in glyphs.load()]
    masks = [_mips(shape_mask(SHAPES[name])) for name in SHAPE_NAMES]
    of_letter = []
    for sign in CHARACTERS:
        faces = [(s, f) for f in FONTS for s in dict.fromkeys((sign, sign.upper()))]
        of_letter.append(list(range(len(masks), len(masks) + len(faces))))
        masks += [_mips(letter_mask(s, f)) for s, f in faces]
    stack = lambda items: [torch.stack([item[k] for item in items]) for k in range(len(LEVELS))]
    return {"glyphs": stack(glyph_levels), "masks": stack(masks), "of_letter": of_letter}


# --- backgrounds ----------------------------------------------------------------------------------------------------

def _colours(rng, n):
    """n colours, lively or dull."""
    hue, saturation, value = rng.random(n), rng.random(n) ** 1.3, rng.uniform(.08, 1, n)
    k = (np.array([5, 3, 1])[None] + hue[:, None] * 6) % 6
    return (value[:, None] - value[:, None] * saturation[:, None] * np.clip(np.minimum(k, 4 - k), 0, 1)).astype(np.float32)


def _noise(rng, side):
    total, weight = np.zeros((side, side), np.float32), 1.0
    for cells in (3, 6, 12, 24, 48):
        grid = Image.fromarray(rng.random((cells, cells), np.float32), "F")
        total += weight * np.asarray(grid.resize((side, side), Image.BICUBIC))
        weight *= rng.uniform(.3, .9)
    return (total - total.min()) / (total.max() - total.min() + 1e-6)


def background(rng, side=CANVAS):
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - .5
    angle = rng.uniform(0, 2 * math.pi)
    u, v = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    a, b, c = _colours(rng, 3)
    kind = rng.integers(0, 10)
    if kind <= 1:
        t = np.zeros_like(x)
    elif kind == 2:
        t = np.clip(u + .5, 0, 1)
    elif kind == 3:
        t = np.clip(np.hypot(x - rng.uniform(-.4, .4), y - rng.uniform(-.4, .4)) * rng.uniform(1, 2), 0, 1)
    elif kind == 4:
        t = np.clip(np.sin(u * rng.uniform(8, 70)) * rng.choice([.5, 3, 20]) + .5, 0, 1)
    elif kind == 5:
        f = rng.uniform(2, 9)
        t = ((np.floor(u * f) + np.floor(v * f)) % 2).astype(np.float32)
    elif kind <= 7:
        t = _noise(rng, side)
    else:
        t = np.zeros_like(x)
    picture = a + (b - a) * t[..., None]
    if kind == 7:
        picture = picture + (c - a) * .6 * _noise(rng, side)[..., None]
    if kind >= 8:  # blobs, sharp or blurred
        image = Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8))
        draw = ImageDraw.Draw(image)
        for colour in _colours(rng, rng.integers(3, 15)):
            w, h = rng.uniform(.05, .5, 2) * side
            px, py = rng.uniform(-.1, 1, 2) * side
            fill = tuple(int(v * 255) for v in colour)
            (draw.ellipse if rng.random() < .6 else draw.rectangle)((px, py, px + w, py + h), fill=fill)
        image = image.filter(ImageFilter.GaussianBlur(rng.choice([.5, 3, 8])))
        picture = np.asarray(image, np.float32) / 255
    return torch.from_numpy((picture.clip(0, 1) * 255).astype(np.uint8).transpose(2, 0, 1).copy())


def backgrounds(count=3000, seed=7):
    return torch.stack([background(np.random.default_rng([seed, n])) for n in range(count)])


# --- batches --------------------------------------------------------------------------------------------------------

class Things:
    """The objects of a batch, one row each: which picture, which texture, where, how large, how turned, what colour."""

    def __init__(self):
        self.rows = []

    def add(self, picture, layer, texture, size, x, y, turn, aspect=1.0, colour=None):
        """texture: number of a glyph, or of a mask if a colour is given. x, y, size in parts of the canvas."""
        self.rows.append((picture, layer, texture, size, x, y, turn, aspect, *(colour or (-1, -1, -1))))


class Renderer:
    def __init__(self, assets):
        self.glyphs, self.masks = assets["glyphs"], assets["masks"]
        self.backgrounds = assets["backgrounds"]

    def _sample(self, levels, number, size, x, y, turn, aspect):
        """Textures laid onto the canvas: [n, c, CANVAS, CANVAS]."""
        pixels = size * CANVAS
        level = (pixels < 68).long() + (pixels < 34).long()
        cos, sin = torch.cos(turn) / size, torch.sin(turn) / size
        theta = torch.stack([cos / aspect, sin / aspect, -(cos * x + sin * y) / aspect,
                             -sin * aspect, cos * aspect, (sin * x - cos * y) * aspect], 1).view(-1, 2, 3)
        out = torch.empty(len(number), levels[0].shape[1], CANVAS, CANVAS)
        for k in range(len(LEVELS)):
            rows = (level == k).nonzero()[:, 0]
            if len(rows):
                source = levels[k][number[rows]].float().mul_(1 / 255)
                grid = F.affine_grid(theta[rows], [len(rows), 1, CANVAS, CANVAS], align_corners=False)
                out[rows] = F.grid_sample(source, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        return out

    def draw(self, things, count, generator):
        rand = lambda *shape: torch.rand(*shape, generator=generator)
        rows = torch.tensor(things.rows, dtype=torch.float32)
        picture, layer, number = rows[:, 0].long(), rows[:, 1].long(), rows[:, 2].long()
        place, colour = rows[:, 3:8], rows[:, 8:11]

        canvas = self._backgrounds(count, rand)
        self._stand_out(canvas, picture, colour)
        for k in range(int(layer.max()) + 1):
            for drawn in (False, True):
                chosen = ((layer == k) & ((colour[:, 0] >= 0) == drawn)).nonzero()[:, 0]
                if not len(chosen):
                    continue
                texture = self._sample(self.masks if drawn else self.glyphs, number[chosen], *place[chosen].unbind(1))
                alpha = texture[:, -1:]
                if drawn:
                    shade = self._ramp(len(chosen), rand, .12)
                    rgb = (colour[chosen].view(-1, 3, 1, 1) * (1 + shade)).clamp_(0, 1) * alpha
                else:
                    rgb = self._tint(texture[:, :3], rand)
                target = picture[chosen]
                canvas[target] = canvas[target] * (1 - alpha) + torch.minimum(rgb, alpha)
        return self._finish(canvas, generator, rand)

    def _backgrounds(self, count, rand):
        pool = self.backgrounds
        canvas = pool[(rand(count) * len(pool)).long()].float().div_(255)
        for axis in (2, 3):
            turned = rand(count) < .5
            canvas[turned] = canvas[turned].flip(axis)
        swapped = rand(count) < .5
        canvas[swapped] = canvas[swapped][:, [1, 2, 0]]
        swapped = rand(count) < .5
        canvas[swapped] = canvas[swapped].transpose(2, 3)
        contrast, lift = .4 + .6 * rand(count, 1, 1, 1), rand(count, 3, 1, 1)
        return canvas * contrast + lift * (1 - contrast)

    @staticmethod
    def _stand_out(canvas, picture, colour):
        """Under a drawn thing, a background near its colour is pushed away from it."""
        rows = (colour[:, 0] >= 0).nonzero()[:, 0]
        if len(rows):
            target, own = picture[rows], colour[rows]
            middle = canvas[target][:, :, 16:80, 16:80]
            near = ((middle - own.view(-1, 3, 1, 1)).pow(2).sum(1).sqrt() < .4).float().mean((1, 2)) > .12
            bright = (own @ torch.tensor([.3, .59, .11])) > .5
            for light in (True, False):
                chosen = target[near & (bright == light)].unique()
                canvas[chosen] = canvas[chosen] * .4 if light else canvas[chosen] * .4 + .6

    @staticmethod
    def _ramp(n, rand, strength):
        axis = torch.linspace(-1, 1, CANVAS)
        direction = (rand(n, 2, 1, 1) * 2 - 1) * strength
        return (direction[:, :1] * axis.view(1, 1, 1, -1) + direction[:, 1:] * axis.view(1, 1, -1, 1))

    @staticmethod
    def _tint(rgb, rand):
        """A slight turn of hue, change of saturation and brightness; linear, so premultiplied colours may go through."""
        n = len(rgb)
        angle, saturation = (rand(n, 1, 1) - .5) * .5, .7 + .6 * rand(n, 1, 1)
        gray = torch.full((3, 3), 1 / 3)
        cross = torch.tensor([[0., -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
        matrix = gray + saturation * (torch.cos(angle) * (torch.eye(3) - gray) + torch.sin(angle) * cross)
        matrix = matrix * (.8 + .35 * rand(n, 1, 1))
        return torch.bmm(matrix, rgb.flatten(2)).view_as(rgb).clamp_(0, 1)

    def _finish(self, canvas, generator, rand):
        n = len(canvas)
        canvas = canvas.clamp_(0, 1)
        for k in (rand(n) < .06).nonzero()[:, 0].tolist():
            canvas[k] = jpeg(canvas[k], int(25 + 65 * float(rand(1))))
        small = F.interpolate(canvas, size=(SIZE, SIZE), mode="bicubic", antialias=True, align_corners=False)
        soft = (rand(n) < .2).nonzero()[:, 0]
        if len(soft):
            some = small[soft]
            kernel = F.avg_pool2d(F.pad(some, (1, 1, 1, 1), mode="replicate"), 3, 1)
            mix = rand(len(soft), 1, 1, 1) * .9
            small[soft] = some * (1 - mix) + kernel * mix
        light = (rand(n, 1, 1, 1) - .5) * .2
        contrast = .8 + .35 * rand(n, 1, 1, 1)
        small = (small - .5) * contrast + .5 + light
        grain = (rand(n, 1, 1, 1) - .5).clamp_min(0) * .1
        small = (small + grain * torch.randn(small.shape, generator=generator)).clamp_(0, 1)
        return (small - MEAN) / STD


def jpeg(picture, quality):
    packed = io.BytesIO()
    Image.fromarray((picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)).save(packed, "JPEG", quality=quality)
    return torch.from_numpy(np.asarray(Image.open(packed).convert("RGB"), np.float32) / 255).permute(2, 0, 1)


def assets(path):
    """Textures and backgrounds, drawn once and kept at `path`."""
    if not path.exists():
        made = textures() | {"backgrounds": backgrounds()}
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(made, path.with_suffix(".part"))
        path.with_suffix(".part").rename(path)
    return torch.load(path)
