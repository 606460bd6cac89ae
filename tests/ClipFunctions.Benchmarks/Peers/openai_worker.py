"""openai/CLIP on PyTorch as a peer: python3 openai_worker.py THREADS, with openai/CLIP and its packages on PYTHONPATH.

One JSON object a line on standard input, one answer a line on standard output: {"op": "prepare", "kind": ..., ...} makes a case ready,
{"op": "run", "iterations": n} answers the mean seconds of one iteration, {"op": "save", "output": path} writes what the last one gave.
"""
import io
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image

import clip
from clip.model import CLIP

threads = int(sys.argv[1])
torch.set_num_threads(threads)
torch.set_grad_enabled(False)
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # whatever a library prints is no answer
models = {}
case, result = None, None
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def state_dict(path):
    """A safetensors file's tensors."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    data = np.memmap(path, np.float32, "r", 8 + size) if (8 + size) % 4 == 0 else np.frombuffer(open(path, "rb").read()[8 + size:], np.float32)
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            assert entry["dtype"] == "F32", entry
            first, end = (offset // 4 for offset in entry["data_offsets"])
            tensors[name] = torch.from_numpy(data[first:end].reshape(entry["shape"]).copy())
    return tensors


def build(tensors):
    """The CLIP class, as build_model() makes it, but for its rounding of the weights to 16 bits."""
    count = lambda prefix, end: len([name for name in tensors if name.startswith(prefix) and name.endswith(end)])
    if "visual.proj" in tensors:
        width, _, patch, _ = tensors["visual.conv1.weight"].shape
        layers = count("visual.transformer.", ".attn.in_proj_weight")
        resolution = patch * round((len(tensors["visual.positional_embedding"]) - 1) ** 0.5)
    else:
        width, patch = tensors["visual.layer1.0.conv1.weight"].shape[0], None
        layers = tuple(count(f"visual.layer{stage}.", ".conv1.weight") for stage in (1, 2, 3, 4))
        resolution = 32 * round((len(tensors["visual.attnpool.positional_embedding"]) - 1) ** 0.5)
    text_width = len(tensors["ln_final.weight"])
    model = CLIP(tensors["text_projection"].shape[1], resolution, layers, width, patch,
                 len(tensors["positional_embedding"]), len(tensors["token_embedding.weight"]), text_width, text_width // 64,
                 count("transformer.", ".attn.in_proj_weight"))
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    assert not unexpected and all(name.endswith("num_batches_tracked") for name in missing), (missing, unexpected)
    return model.eval()


def model_of(path):
    if path not in models:
        models.clear()  # one at a time is enough memory
        models[path] = build(state_dict(path))
    return models[path]


def normalized(path, count):
    pixels = np.fromfile(path, np.uint8).reshape(-1, 224, 224, 3)[:count]
    return ((torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)).contiguous()


def image(request):
    model, pixels = model_of(request["model"]), normalized(request["pixels"], request["count"])
    return lambda: model.encode_image(pixels)


def text(request):
    model = model_of(request["model"])
    tokens = torch.from_numpy(np.fromfile(request["tokens"], np.int32).reshape(-1, 77)[:request["count"]].copy())
    return lambda: model.encode_text(tokens)


def pixels(request):
    """JPEG bytes to the model's tensor; one iteration is one picture for each thread."""
    transform, count = clip.clip._transform(224), request["threads"]
    torch.set_num_threads(1 if count == 1 else threads)
    with open(request["picture"], "rb") as file:
        data = file.read()

    def one(_=0):
        return transform(Image.open(io.BytesIO(data)))
    if count == 1:
        return one
    pool = ThreadPoolExecutor(count)
    return lambda: list(pool.map(one, range(count)))[0]


def tokens(request):
    with open(request["captions"], encoding="utf-8") as file:
        captions = file.read().split("\n")
    return lambda: clip.tokenize(captions, truncate=True)


def prepare(request):
    torch.set_num_threads(threads)
    return {"image": image, "text": text, "pixels": pixels, "tokens": tokens}[request["kind"]](request)


def versions():
    blas = sorted({os.path.basename(os.path.realpath(line.split()[-1])) + (" (openmp)" if "openmp" in line else " (pthread)" if "pthread" in line else "")
                   for line in open("/proc/self/maps") if "openblas" in os.path.basename(line.split()[-1])})
    return (f"PyTorch {torch.__version__} with {', '.join(blas)} and {torch.get_num_threads()} threads, torchvision {torchvision.__version__}, "
            f"Pillow {PIL.__version__}, Python {sys.version.split()[0]}")


def export_vision(request):
    """The vision tower as transformers and optimum export it: separate query, key and value, plain matrix products; dynamic batch."""
    weights = state_dict(request["model"])
    width, patch = weights["visual.conv1.weight"].shape[0], weights["visual.conv1.weight"].shape[-1]
    layers = len([name for name in weights if name.startswith("visual.transformer.") and name.endswith(".attn.in_proj_weight")])
    heads = width // 64

    class Layer(torch.nn.Module):
        def __init__(self, prefix):
            super().__init__()
            get = lambda name: weights[f"{prefix}.{name}"]
            linear = lambda w, b: self.load(torch.nn.Linear(w.shape[1], w.shape[0]), w, b)
            (q, k, v), (qb, kb, vb) = get("attn.in_proj_weight").chunk(3), get("attn.in_proj_bias").chunk(3)
            self.q, self.k, self.v = linear(q, qb), linear(k, kb), linear(v, vb)
            self.out = linear(get("attn.out_proj.weight"), get("attn.out_proj.bias"))
            self.fc1, self.fc2 = linear(get("mlp.c_fc.weight"), get("mlp.c_fc.bias")), linear(get("mlp.c_proj.weight"), get("mlp.c_proj.bias"))
            self.ln1 = self.load(torch.nn.LayerNorm(width), get("ln_1.weight"), get("ln_1.bias"))
            self.ln2 = self.load(torch.nn.LayerNorm(width), get("ln_2.weight"), get("ln_2.bias"))

        @staticmethod
        def load(module, weight, bias):
            module.weight, module.bias = torch.nn.Parameter(weight.clone()), torch.nn.Parameter(bias.clone())
            return module

        def split(self, x):
            return x.view(x.shape[0], -1, heads, 64).transpose(1, 2)

        def forward(self, x):
            n = self.ln1(x)
            q, k, v = self.split(self.q(n) * 64 ** -0.5), self.split(self.k(n)), self.split(self.v(n))
            attention = torch.softmax(torch.matmul(q, k.transpose(-1, -2)), -1)
            x = x + self.out(torch.matmul(attention, v).transpose(1, 2).reshape(x.shape[0], -1, width))
            n = self.fc1(self.ln2(x))
            return x + self.fc2(n * torch.sigmoid(1.702 * n))

    class Vision(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch.nn.Conv2d(3, width, patch, patch, bias=False)
            self.conv.weight = torch.nn.Parameter(weights["visual.conv1.weight"])
            self.token, self.position = (torch.nn.Parameter(weights[f"visual.{name}_embedding"]) for name in ("class", "positional"))
            self.pre = Layer.load(torch.nn.LayerNorm(width), weights["visual.ln_pre.weight"], weights["visual.ln_pre.bias"])
            self.layers = torch.nn.ModuleList(Layer(f"visual.transformer.resblocks.{i}") for i in range(layers))
            self.post = Layer.load(torch.nn.LayerNorm(width), weights["visual.ln_post.weight"], weights["visual.ln_post.bias"])
            self.projection = torch.nn.Linear(*weights["visual.proj"].shape, bias=False)
            self.projection.weight = torch.nn.Parameter(weights["visual.proj"].t().contiguous())

        def forward(self, pixel_values):
            patches = self.conv(pixel_values).flatten(2).transpose(1, 2)
            x = self.pre(torch.cat([self.token.expand(pixel_values.shape[0], 1, -1), patches], 1) + self.position)
            for layer in self.layers:
                x = layer(x)
            return self.projection(self.post(x[:, 0])), x

    os.makedirs(os.path.join(request["folder"], "onnx"), exist_ok=True)
    torch.onnx.export(Vision().eval(), torch.zeros(2, 3, 224, 224), os.path.join(request["folder"], "onnx", "vision_model.onnx"), opset_version=14,
                      input_names=["pixel_values"], output_names=["image_embeds", "last_hidden_state"],
                      dynamic_axes={name: {0: "batch_size"} for name in ("pixel_values", "image_embeds", "last_hidden_state")})
    return {}


def save_checkpoint(request):
    """A TorchScript archive with the precisions of the released files. clip.load() takes only its weights, unless asked for jit."""
    tensors = state_dict(request["model"])
    archive = torch.jit.trace(build(tensors), (torch.zeros(1, 3, 224, 224), torch.zeros(1, 77, dtype=torch.int32)), check_trace=False)
    released = build(tensors)
    clip.model.convert_weights(released)
    precisions = {name: tensor.dtype for name, tensor in released.state_dict().items()}
    for name, parameter in archive.named_parameters():
        parameter.data = parameter.data.to(precisions[name])
    torch.jit.save(archive, request["output"])
    return {}


for line in sys.stdin:
    request = json.loads(line)
    try:
        if request["op"] == "prepare":
            case, result, answer = None, None, {}
            case = prepare(request)
        elif request["op"] == "run":
            start = time.perf_counter()
            for _ in range(request["iterations"]):
                result = case()
            answer = {"seconds": (time.perf_counter() - start) / request["iterations"]}
        elif request["op"] == "save":
            result.contiguous().numpy().tofile(request["output"])
            answer = {}
        elif request["op"] == "versions":
            answer = {"text": versions()}
        else:
            answer = {"export_vision": export_vision, "save_checkpoint": save_checkpoint}[request["op"]](request)
    except Exception as exception:
        answer = {"error": f"{type(exception).__name__}: {exception}"}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
