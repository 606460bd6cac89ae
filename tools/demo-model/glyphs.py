"""The glyphs of Noto Color Emoji, with the names and keywords that CLDR gives them in English."""

import re
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
FONT_SIZE = 109  # the one size at which the font's bitmaps exist
SIDE = 136  # a glyph's bitmap is 136 x 128
EMOJI_TEST = "/usr/share/unicode/emoji/emoji-test.txt"
CLDR = "/usr/share/unicode/cldr/common/annotations/en.xml"

# Plain words that a person says where CLDR's name is stiff. They count as names.
ALIASES = {
    "🚗": ["car"], "🚚": ["truck"], "🚲": ["bike"], "✈": ["plane"], "🚂": ["train"], "🐱": ["cat"], "🐶": ["dog"],
    "🐴": ["horse"], "🐷": ["pig"], "🐮": ["cow"], "🐭": ["mouse"], "🐰": ["rabbit"], "🐯": ["tiger"], "🦁": ["lion"],
    "🐵": ["monkey"], "🐻": ["bear"], "🦊": ["fox"], "🐸": ["frog"], "🐔": ["chicken"], "🦄": ["unicorn"],
    "🍎": ["apple"], "☕": ["coffee"], "🎂": ["cake"], "🚢": ["ship"], "☂": ["umbrella"], "🏠": ["house"],
    "🍦": ["ice cream"], "🍟": ["fries"], "🍞": ["loaf of bread"], "🐝": ["bee"], "🐞": ["ladybug"],
    "🐳": ["whale"], "🐬": ["dolphin"], "🦈": ["shark"], "🎸": ["guitar"], "🌽": ["corn"], "🍝": ["pasta"],
    "🏍": ["motorbike"], "🐓": ["rooster"], "🦃": ["turkey"], "🌍": ["earth"], "❤": ["heart"], "🌹": ["rose"],
    "⛵": ["sailing boat"], "🚁": ["helicopter"], "🌭": ["hotdog"], "🌳": ["tree"], "🌲": ["tree"], "📖": ["book"], "📕": ["book"], "☔": ["umbrella"], "🐼": ["panda bear"], "🐨": ["koala bear"],
}


@dataclass(frozen=True)
class Glyph:
    char: str
    name: str
    keywords: tuple
    group: str

    @property
    def names(self):
        return list(dict.fromkeys([self.name, *ALIASES.get(self.char, [])]))


def _annotations():
    names, keywords = {}, {}
    for node in ElementTree.parse(CLDR).getroot().iter("annotation"):
        char = node.get("cp").replace("\ufe0f", "")
        if node.get("type") == "tts":
            names[char] = plain(node.text)
        else:
            keywords[char] = [plain(word) for word in node.text.split("|")]
    return names, keywords


def plain(text):
    return re.sub(r"\s+", " ", text.replace("’", "'").replace("“", "").replace("”", "")).strip().lower()


@lru_cache(maxsize=None)
def font():
    return ImageFont.truetype(FONT, FONT_SIZE)


@lru_cache(maxsize=256)
def picture(char):
    """The glyph as an RGBA picture of 136 x 136 with straight alpha, or None where the font has no single bitmap."""
    left, top, right, bottom = font().getbbox(char)
    if right - left > 150 or right <= left:  # a sequence that did not ligate, or nothing
        return None
    image = Image.new("RGBA", (SIDE, SIDE), (0, 0, 0, 0))
    ImageDraw.Draw(image).text(((SIDE - (right - left)) // 2 - left, (SIDE - (bottom - top)) // 2 - top), char,
                               font=font(), embedded_color=True)
    pixels = np.asarray(image, np.float32)  # drawn onto transparent black: colours came out premultiplied, alpha did not
    colours = pixels[..., :3] * 255 / np.maximum(pixels[..., 3:], 1)
    return Image.fromarray(np.concatenate([colours.clip(0, 255), pixels[..., 3:]], 2).round().astype(np.uint8), "RGBA")


@lru_cache(maxsize=None)
def load():
    """All glyphs of one code point: no sequences, skin tones, flags, keycaps, nor the coloured geometric signs,
    which would give away the colour and shape pairs that are held out."""
    names, keywords = _annotations()
    missing = picture("\U0010fffe")
    missing = missing.tobytes() if missing else None
    found, group, subgroup = [], "", ""
    for line in open(EMOJI_TEST, encoding="utf-8"):
        if line.startswith("# group:"):
            group = line.split(":")[1].strip()
        elif line.startswith("# subgroup:"):
            subgroup = line.split(":")[1].strip()
        if line.startswith("#") or "; fully-qualified" not in line:
            continue
        char = "".join(chr(int(code, 16)) for code in line.split(";")[0].split()).replace("\ufe0f", "")
        if len(char) != 1 or group in ("Component", "Flags") or subgroup in ("geometric", "keycap") or char not in names:
            continue
        image = picture(char)
        if image is None or image.getbbox() is None or image.tobytes() == missing:
            continue
        words = tuple(w for w in dict.fromkeys(keywords.get(char, [])) if w != names[char] and len(w) > 1)
        found.append(Glyph(char, names[char], words, group))
    return found


if __name__ == "__main__":
    from collections import Counter
    print(len(load()), Counter(g.group for g in load()), len({g.name for g in load()}))
