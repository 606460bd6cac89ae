"""Trains the demo model. Resumes by itself from the last checkpoint in the work folder."""

import argparse
import math
import multiprocessing
import os
import time
from pathlib import Path
from queue import Full

import numpy as np
import torch
import torch.nn.functional as F

import bpe
import captions
import labels
import render
from batches import Batches
from captions import GLYPH, LETTER, SHAPE, Facts, World
from model import Clip, Sizes
from shapes import COLOUR_NAMES

WORK = Path(__file__).parent / "work"


def tokenizer(world, merges=1500):
    path = WORK / "bpe_vocab.txt.gz"
    if not path.exists():
        bpe.write(bpe.learn(captions.corpus(world), merges), path)
    return bpe.Tokenizer(bpe.read(path))


class Bank:
    """Further wrong answers for each picture: captions of glyphs, trained colour and shape pairs and characters that are
    not in the batch, drawn at random. (Kept vectors instead of fresh ones fail: the model learns to tell stale from fresh.)"""

    def __init__(self, world, share):
        self.world, self.share = world, share
        rows = [(GLYPH, p, -1, -1, -1) for p in dict.fromkeys(p for names in world.names for p in names)]
        rows += [(SHAPE, s, c, 1, -1) for c in range(len(COLOUR_NAMES)) for s in world.trained_shapes(c)]
        rows += [(LETTER, n, -1, -1, -1) for n in range(len(captions.CHARACTERS))]
        self.rows = rows

    def some(self, rng):
        texts, rows = [], [self.rows[k] for k in rng.choice(len(self.rows), self.share, replace=False)]
        for kind, item, colour, _, _ in rows:
            if kind == GLYPH:
                texts.append(captions.glyph_caption(self.world, rng, item))
            elif kind == SHAPE:
                texts.append(captions.shape_caption(rng, item, colour, 1, -1))
            else:
                texts.append(captions.letter_caption(rng, item, -1))
        return texts, Facts.of(rows)


def loss_of(model, pixels, tokens, hidden):
    """The first captions are the pictures' own, in order; any further ones are only wrong answers. `hidden` marks the captions
    of others that are also true of a picture, or neither true nor false."""
    with torch.autocast("cpu", torch.bfloat16):
        pictures, texts = model.encode_image(pixels), model.encode_text(tokens)
    pictures, texts = F.normalize(pictures.float(), dim=1), F.normalize(texts.float(), dim=1)
    n = len(pixels)
    target = torch.arange(n)
    logits = (model.logit_scale.exp() * pictures @ texts.T).masked_fill(hidden, float("-inf"))
    to_text = F.cross_entropy(logits, target)
    to_picture = F.cross_entropy(logits[:, :n].T, target)
    return (to_text + to_picture) / 2, to_text.item(), to_picture.item(), (logits.argmax(1) == target).float().mean().item()


def supply(queue, parent, first, last, seed, size, share):
    """Runs in a process of its own, one batch ahead of the training: (step, pixels, tokens, hidden) of each step in turn."""
    torch.set_num_threads(1)
    world = World()
    words, made = tokenizer(world), render.assets(WORK / "assets.pt")
    batches = Batches(world, render.Renderer(made), made["of_letter"], sampling_weights(world), seed, size)
    bank = Bank(world, share)
    for step in range(first, last):
        pixels, shown, texts, said = batches.make(step)
        more_texts, more_said = bank.some(np.random.default_rng([seed, step, 1]))
        right, mixed = world.truth(shown, Facts.join(said, more_said))
        hidden = right | mixed
        hidden[np.arange(size), np.arange(size)] = False
        item = (step, pixels.numpy(), words.batch(texts + more_texts).numpy(), hidden)
        while True:
            try:
                queue.put(item, timeout=20)
                break
            except Full:
                if os.getppid() != parent:  # the training is gone: nobody will read what is queued
                    queue.cancel_join_thread()
                    return


class Average:
    """A running mean of the weights (and of the batch norms' statistics): what gets evaluated and shipped."""

    def __init__(self, model, decay=.999):
        self.decay = decay
        self.values = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model, step):
        decay = min(self.decay, (1 + step) / (10 + step))
        state = model.state_dict()
        floats = [k for k, v in state.items() if v.is_floating_point()]
        mine, theirs = [self.values[k] for k in floats], [state[k] for k in floats]
        torch._foreach_mul_(mine, decay)
        torch._foreach_add_(mine, theirs, alpha=1 - decay)


def sampling_weights(world):
    """Glyphs of the default labels are drawn twice as often as others."""
    weights = np.ones(len(world.glyphs))
    for numbers in labels.showing(world).values():
        weights[numbers] = 2
    return weights


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--minutes", type=float, help="end so many minutes from now whatever the speed, instead of after --steps (not repeatable)")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--others", type=int, default=256, help="further wrong captions a step")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=int, default=100, help="steps between lines of progress")
    parser.add_argument("--look", type=float, default=10, help="minutes between evaluations on a fixed small set; 0 for none")
    args = parser.parse_args()

    WORK.mkdir(exist_ok=True)
    torch.manual_seed(args.seed)
    world = World()
    words = tokenizer(world)
    render.assets(WORK / "assets.pt")
    model = Clip(Sizes(words.size))
    model.visual.to(memory_format=torch.channels_last)
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": .1}, {"params": others, "weight_decay": 0}],
                                  lr=args.rate, betas=(.9, .98), eps=1e-6, foreach=True)
    average, step, spent, progress = Average(model), 0, 0.0, 0.0
    checkpoint = WORK / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        average.values, step, spent = saved["average"], saved["step"], saved["spent"]
        progress = saved.get("progress", step / saved["steps"])
        print(f"resumed at step {step}", flush=True)

    def save():
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "average": average.values, "step": step,
                    "spent": spent, "progress": progress, "sizes": model.sizes.dict(), "steps": args.steps, "batch": args.batch}, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)

    processes = multiprocessing.get_context("spawn")
    queue = processes.Queue(3)
    processes.Process(target=supply, args=(queue, os.getpid(), step, 10 ** 9 if args.minutes else args.steps, args.seed, args.batch, args.others), daemon=True).start()
    began = started = saved_at = looked_at = time.time()
    earlier = progress
    mark, sums = (step, started), np.zeros(4)
    model.train()
    while progress < 1:
        number, *item = queue.get()
        assert number == step
        pixels, tokens, hidden = (torch.from_numpy(part) for part in item)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        rate = args.rate * min(1, (step + 1) / 300) * (.002 + .998 * .5 * (1 + math.cos(math.pi * min(progress, 1))))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss, *figures = loss_of(model, pixels, tokens, hidden)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        average.update(model, step)
        step += 1
        if args.minutes:
            progress = earlier + (1 - earlier) * (time.time() - began) / (60 * args.minutes)
        else:
            progress = step / args.steps
        sums += [loss.item(), *figures]
        if step % args.report == 0:
            now = time.time()
            speed = args.batch * (step - mark[0]) / (now - mark[1])
            loss_, text_, picture_, hit = sums / (step - mark[0])
            print(f"{time.strftime('%H:%M:%S')} step {step} loss {loss_:.3f} text {text_:.3f} picture {picture_:.3f} first {hit:.3f} "
                  f"scale {model.logit_scale.exp().item():.1f} done {progress:.3f} rate {rate:.5f} {speed:.0f}/s", flush=True)
            mark, sums = (step, now), np.zeros(4)
            spent, started = spent + now - started, now
            if now - saved_at > 150 or progress >= 1:
                save()
                saved_at = now
            if args.look and (now - looked_at > args.look * 60 or progress >= 1):
                import evaluate
                seen = Clip(model.sizes)
                seen.load_state_dict(average.values)
                print("    " + evaluate.line(evaluate.quick(seen, words, world)), flush=True)
                looked_at = time.time()
    save()


if __name__ == "__main__":
    main()
