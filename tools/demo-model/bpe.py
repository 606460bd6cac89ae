"""Byte-level BPE in CLIP's format: training the merges, writing the vocabulary file, and encoding with it."""

import gzip
import re
from collections import Counter
from functools import lru_cache

PATTERN = re.compile(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|(?:[^\s\w]|_)+")


@lru_cache(maxsize=None)
def byte_symbols():
    """Each byte's printable stand-in, in the order in which CLIP numbers them."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    other = [b for b in range(256) if b not in plain]
    return {b: chr(b) for b in plain} | {b: chr(256 + n) for n, b in enumerate(other)}


def split(text):
    """The words of a text, each as a tuple of symbols whose last ends in </w>."""
    text = re.sub(r"\s+", " ", text).strip().lower()
    for piece in PATTERN.findall(text):
        symbols = [byte_symbols()[b] for b in piece.encode("utf-8")]
        yield tuple(symbols[:-1]) + (symbols[-1] + "</w>",)


def _join(word, pair):
    merged, k = [], 0
    while k < len(word):
        if k + 1 < len(word) and (word[k], word[k + 1]) == pair:
            merged.append(word[k] + word[k + 1])
            k += 2
        else:
            merged.append(word[k])
            k += 1
    return tuple(merged)


def learn(texts, count):
    """The `count` merges that join the most frequent pairs first; ties go to the pair that sorts first."""
    words = Counter(word for text in texts for word in split(text))
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        joined = Counter()
        for word, n in words.items():
            joined[_join(word, best) if best[0] in word else word] += n
        words = joined
    return merges


def write(merges, path):
    lines = ['#version: 0.2 - ClipFunctions demo', *(" ".join(pair) for pair in merges)]
    with open(path, "wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
        packed.write("\n".join(lines).encode("utf-8"))


def read(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [tuple(line.split()) for line in file.read().split("\n")[1:] if line.strip()]


class Tokenizer:
    def __init__(self, merges, context=16):
        symbols = list(byte_symbols().values())
        vocabulary = symbols + [s + "</w>" for s in symbols] + ["".join(pair) for pair in merges]
        vocabulary += ["<|startoftext|>", "<|endoftext|>"]
        self.ids = {symbol: n for n, symbol in enumerate(vocabulary)}
        assert len(self.ids) == len(vocabulary)
        self.ranks = {pair: n for n, pair in enumerate(merges)}
        self.size, self.context = len(vocabulary), context
        self.start, self.end = self.size - 2, self.size - 1
        self._cache = {}

    def _word(self, word):
        if word not in self._cache:
            parts = word
            while len(parts) > 1:
                pair = min(zip(parts, parts[1:]), key=lambda p: self.ranks.get(p, len(self.ranks)))
                if pair not in self.ranks:
                    break
                parts = _join(parts, pair)
            self._cache[word] = [self.ids[p] for p in parts]
        return self._cache[word]

    def encode(self, text):
        ids = [self.start, *(n for word in split(text) for n in self._word(word)), self.end]
        if len(ids) > self.context:
            ids = ids[:self.context]
            ids[-1] = self.end
        return ids

    def batch(self, texts):
        """Token ids of the texts, padded with 0 to the longest."""
        import torch
        rows = [self.encode(text) for text in texts]
        tokens = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        for row, ids in zip(tokens, rows):
            row[:len(ids)] = torch.tensor(ids)
        return tokens
