"""openai/CLIP's README as a script: python3 openai_first_tag.py CHECKPOINT PICTURE THREADS LABEL...; prints the probabilities."""
import sys

import torch
from PIL import Image

import clip

checkpoint, picture, threads, *labels = sys.argv[1:]
torch.set_num_threads(int(threads))
model, preprocess = clip.load(checkpoint, device="cpu")
image = preprocess(Image.open(picture)).unsqueeze(0)
text = clip.tokenize([f"a photo of a {label}." for label in labels])
with torch.no_grad():
    logits_per_image, _ = model(image, text)
    print(*logits_per_image.softmax(dim=-1)[0].tolist())
