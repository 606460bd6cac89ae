"""Writes the trained model in openai/CLIP's naming: fp16 safetensors, merges, label set, card."""

import argparse
import json
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import torch

import labels
from model import Sizes

HERE = Path(__file__).parent
DTYPES = {"F16": torch.float16, "F32": torch.float32, "I64": torch.int64}


def write_safetensors(tensors, path, metadata=None):
    header, offset = ({"__metadata__": metadata} if metadata else {}), 0
    for name, tensor in sorted(tensors.items()):
        kind = next(k for k, v in DTYPES.items() if v == tensor.dtype)
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for _, tensor in sorted(tensors.items()):
            file.write(tensor.contiguous().numpy().tobytes())


def read_safetensors(path):
    data = Path(path).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = (8 + length + n for n in entry["data_offsets"])
            kind = {"F16": np.float16, "F32": np.float32, "I64": np.int64}[entry["dtype"]]
            tensors[name] = torch.from_numpy(np.frombuffer(data[start:end], kind).reshape(entry["shape"]).copy())
    return tensors


def sizes_of(state):
    """The configuration that the shapes tell, as openai/CLIP's build_model infers it."""
    layers = tuple(len({k.split(".")[2] for k in state if k.startswith(f"visual.layer{n}.")}) for n in (1, 2, 3, 4))
    grid = round((state["visual.attnpool.positional_embedding"].shape[0] - 1) ** .5)
    return Sizes(vocabulary=state["token_embedding.weight"].shape[0], image=grid * 32, width=state["visual.layer1.0.conv1.weight"].shape[0],
                 layers=layers, embedding=state["text_projection"].shape[1], text_width=state["ln_final.weight"].shape[0],
                 text_layers=len({k.split(".")[2] for k in state if k.startswith("transformer.resblocks")}),
                 context=state["positional_embedding"].shape[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=HERE / "work" / "checkpoint.pt")
    parser.add_argument("--out", type=Path, default=HERE.parent.parent / "models" / "demo" / "source")
    parser.add_argument("--figures", type=Path, help="JSON of evaluate.py, to stand in the card")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    saved = torch.load(args.checkpoint)
    state = {k: v.half() if v.is_floating_point() else v for k, v in saved["average"].items() if not k.endswith("num_batches_tracked")}
    state["logit_scale"] = saved["average"]["logit_scale"].float().clamp(max=float(np.log(100)) - 1e-6)

    def atomically(name, write):
        part = args.out / (name + ".part")
        write(part)
        os.replace(part, args.out / name)

    sizes = sizes_of(state)
    card = {"id": "demo", "context_length": sizes.context, "image_size": sizes.image, "mean": [0.48145466, 0.4578275, 0.40821073],
            "std": [0.26862954, 0.26130258, 0.27577711], "activation": "quickgelu", "embedding": sizes.embedding, "vocabulary": sizes.vocabulary,
            "parameters": sum(v.numel() for v in state.values()),
            "trained": {"steps": saved["step"], "pictures": saved["step"] * saved["batch"], "minutes": round(saved["spent"] / 60)}}
    if args.figures:
        card["trained"]["top1"] = {name: {k: round(f[k], 4) for k in ("top1", "low", "high")} | {"pictures": f["pictures"], "captions": f["candidates"]}
                                   for name, f in json.loads(args.figures.read_text()).items()}
    atomically("model.safetensors", lambda p: write_safetensors(state, p, {"format": "pt"}))
    atomically("bpe_vocab.txt.gz", lambda p: shutil.copyfile(args.checkpoint.parent / "bpe_vocab.txt.gz", p))
    atomically("labels.json", lambda p: p.write_text(json.dumps({"name": "demo", "templates": labels.TEMPLATES, "labels": labels.LABELS}, indent=1) + "\n"))
    atomically("model_card.json", lambda p: p.write_text(json.dumps(card, indent=1) + "\n"))
    print(args.out / "model.safetensors", (args.out / "model.safetensors").stat().st_size)


if __name__ == "__main__":
    main()
