#!/usr/bin/env python3
"""Writes the tokenizer's data tables (src/ClipFunctions.Clip/Tokenization/Data/*.txt).

The tables are facts about characters as the reference sees them: openai/CLIP under Python 3.11 (unicodedata 14.0),
regex 2.5.123 (Unicode 15) and ftfy 6.3.1. Run it with those versions, and it repeats the committed files byte for byte:

    apt-get install python3 python3-regex python3-wcwidth           # Debian 12
    git clone https://github.com/rspeer/python-ftfy && git -C python-ftfy checkout 74dd045
    PYTHONPATH=python-ftfy /usr/bin/python3 tools/tokenizer-tables/generate.py

Every file is plain ASCII, one entry a line, numbers in hexadecimal. A line is a name and its values:
a set is a list of inclusive ranges (`41-5a b5`), a map a list of `from=to` with `+` between the code points of a sequence.
"""
import html.entities
import pathlib
import re
import sys
import unicodedata

import ftfy
import ftfy.badness
import ftfy.chardata
import regex

WANTED = {"unicodedata": "14.0.0", "regex": "2.5.123", "ftfy": "6.3.1"}
FOUND = {"unicodedata": unicodedata.unidata_version, "regex": regex.__version__, "ftfy": ftfy.__version__}

OUT = pathlib.Path(__file__).resolve().parents[2] / "src/ClipFunctions.Clip/Tokenization/Data"
EVERY = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(points):
    out = []
    for c in sorted(points):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in out)


def sequence(text):
    return "+".join(f"{ord(c):x}" for c in text)


def mapping(pairs):
    return " ".join(f"{c:x}={sequence(s)}" for c, s in sorted(pairs.items()))


def write(name, title, lines):
    text = f"# {title}\n# Written by tools/tokenizer-tables/generate.py; do not edit.\n" + "".join(f"{line.rstrip()}\n" for line in lines)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(text, encoding="ascii", newline="\n")
    print(f"{name}: {len(text)} bytes")


def unicode_tables():
    # How CLIP's own pattern (IGNORECASE, so not quite the plain properties: U+0345 is matched by nothing) sees a code point.
    letter, number, other = (regex.compile(p, regex.IGNORECASE) for p in (r"[\p{L}]", r"[\p{N}]", r"[^\s\p{L}\p{N}]"))
    yield "letter " + ranges(c for c in EVERY if letter.fullmatch(chr(c)))
    yield "number " + ranges(c for c in EVERY if number.fullmatch(chr(c)))
    space = regex.compile(r"\s", regex.IGNORECASE)
    yield "pattern-space " + ranges(c for c in EVERY if space.fullmatch(chr(c)))
    yield "unmatched " + ranges(c for c in EVERY if not any(p.fullmatch(chr(c)) for p in (letter, number, other, space)))
    yield "strip-space " + ranges(c for c in EVERY if chr(c).isspace())
    yield "digit " + ranges(c for c in EVERY if re.fullmatch(r"\d", chr(c)))
    yield "word " + ranges(c for c in EVERY if re.fullmatch(r"\w", chr(c)))

    # str.lower(), the final sigma apart: U+03A3 becomes U+03C2 after a cased letter and before none, ignorables between.
    yield "lower " + mapping({c: chr(c).lower() for c in EVERY if chr(c).lower() != chr(c)})
    cased = {c for c in EVERY if ("1" + chr(c) + "\u03a3").lower()[-1] == "\u03c2"}
    yield "cased " + ranges(cased)
    yield "case-ignorable " + ranges(c for c in EVERY if c not in cased and ("A" + chr(c) + "\u03a3").lower()[-1] == "\u03c2")

    # Canonical decomposition and composition; Hangul syllables go by arithmetic.
    hangul = range(0xAC00, 0xD7A4)
    classes = {}
    for c in EVERY:
        if unicodedata.combining(chr(c)):
            classes.setdefault(unicodedata.combining(chr(c)), []).append(c)
    for number_, points in sorted(classes.items()):
        yield f"ccc-{number_:x} " + ranges(points)
    yield "decompose " + mapping({c: unicodedata.normalize("NFD", chr(c)) for c in EVERY if c not in hangul and unicodedata.normalize("NFD", chr(c)) != chr(c)})
    composed = []
    for c in EVERY:
        parts = unicodedata.decomposition(chr(c)).split()
        if len(parts) == 2 and not parts[0].startswith("<") and unicodedata.normalize("NFC", chr(c)) == chr(c):
            composed.append((int(parts[0], 16), int(parts[1], 16), c))
    yield "compose " + " ".join(f"{a:x}+{b:x}={c:x}" for a, b, c in sorted(composed))


def ftfy_tables():
    def points(characters):
        one = re.compile(f"[{characters}]")
        return ranges(c for c in range(0x110000) if one.match(chr(c)))

    for name, characters in ftfy.badness.MOJIBAKE_CATEGORIES.items():
        yield f"category-{name.replace('_', '-')} " + points(characters)
    for name, characters in ftfy.chardata.UTF8_CLUES.items():
        yield f"{name.replace('_', '-')} " + points(characters)
    # The single-byte encodings in the order ftfy tries them: what the bytes 80 to ff are.
    for name in ftfy.chardata.CHARMAP_ENCODINGS:
        decoded = bytes(range(0x80, 0x100)).decode(name)
        assert len(set(decoded)) == 128 and all(decoded.encode(name)[i] == 0x80 + i for i in range(128)), name
        yield f"encoding-{name} " + " ".join(f"{ord(c):x}" for c in decoded)
    strict = {}
    for byte in range(0x80, 0xA0):
        try:
            strict[byte] = bytes([byte]).decode("windows-1252")
        except UnicodeDecodeError:
            pass
    yield "windows-1252 " + mapping(strict)
    yield "ligatures " + mapping(ftfy.chardata.LIGATURES)
    yield "widths " + mapping(ftfy.chardata.WIDTH_MAP)
    yield "control-characters " + ranges(ftfy.chardata.CONTROL_CHARS)


def entity_tables():
    for name, text in sorted(html.entities.html5.items()):
        yield f"{name} {sequence(text)}"
    # Entities that ftfy alone knows: upper-cased names.
    for name, text in sorted(ftfy.chardata.HTML_ENTITIES.items()):
        if name[1:] not in html.entities.html5:
            yield f"!{name[1:]} {sequence(text)}"


if FOUND != WANTED:
    sys.exit(f"These tables come from {WANTED}; here are {FOUND}.")
write("unicode.txt", "Characters as Python 3.11 (Unicode 14) and regex 2.5.123 (Unicode 15) see them. Unicode data: Unicode License v3.", unicode_tables())
write("ftfy.txt", "Characters as ftfy 6.3.1 sees them (Robyn Speer, Apache License 2.0; see THIRD-PARTY-NOTICES.md).", ftfy_tables())
write("html-entities.txt", "Named character references of HTML5 as Python's html.entities.html5 lists them; '!' marks those of ftfy alone.", entity_tables())
