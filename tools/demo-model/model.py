"""CLIP as openai/CLIP defines it (parameter names included): a ModifiedResNet and a causal text transformer."""

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Sizes:
    vocabulary: int
    image: int = 64
    width: int = 24
    layers: tuple = (1, 2, 2, 1)
    embedding: int = 256
    text_width: int = 128
    text_layers: int = 2
    context: int = 16

    def dict(self):
        return asdict(self)


class QuickGELU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1; the stride is an average pool behind the 3x3 and before the shortcut's 1x1."""

    def __init__(self, inputs, planes, stride):
        super().__init__()
        outputs = planes * 4
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.stride = stride
        self.downsample = None
        if stride > 1 or inputs != outputs:
            self.downsample = nn.ModuleDict({"0": nn.Conv2d(inputs, outputs, 1, bias=False), "1": nn.BatchNorm2d(outputs)})
        nn.init.zeros_(self.bn3.weight)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        if self.stride > 1:
            y, x = F.avg_pool2d(y, self.stride), F.avg_pool2d(x, self.stride)
        y = self.bn3(self.conv3(y))
        if self.downsample is not None:
            x = self.downsample["1"](self.downsample["0"](x))
        return F.relu(x + y, inplace=True)


class AttentionPool(nn.Module):
    """One query, the mean of the grid, attends to the grid and itself."""

    def __init__(self, grid, width, heads, outputs):
        super().__init__()
        self.heads = heads
        self.positional_embedding = nn.Parameter(torch.randn(grid * grid + 1, width) / math.sqrt(width))
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, width) for _ in range(3))
        self.c_proj = nn.Linear(width, outputs)
        for linear in (self.q_proj, self.k_proj, self.v_proj, self.c_proj):
            nn.init.normal_(linear.weight, std=width ** -0.5)

    def forward(self, x):
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + self.positional_embedding.to(x.dtype)
        n, length, width = x.shape
        q = self.q_proj(x[:, :1]).view(n, 1, self.heads, -1).transpose(1, 2)
        k = self.k_proj(x).view(n, length, self.heads, -1).transpose(1, 2)
        v = self.v_proj(x).view(n, length, self.heads, -1).transpose(1, 2)
        weights = (q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)).softmax(-1).to(v.dtype)
        return self.c_proj((weights @ v).transpose(1, 2).reshape(n, width))


class VisionTower(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        width = sizes.width
        self.conv1 = nn.Conv2d(3, width // 2, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width // 2)
        self.conv2 = nn.Conv2d(width // 2, width // 2, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width // 2)
        self.conv3 = nn.Conv2d(width // 2, width, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        inputs = width
        for number, blocks in enumerate(sizes.layers, 1):
            planes, made = width * 2 ** (number - 1), []
            for block in range(blocks):
                made.append(Bottleneck(inputs, planes, 2 if block == 0 and number > 1 else 1))
                inputs = planes * 4
            setattr(self, f"layer{number}", nn.Sequential(*made))
        self.attnpool = AttentionPool(sizes.image // 32, width * 32, width * 32 // 64, sizes.embedding)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = F.relu(self.bn2(self.conv2(x)), inplace=True)
        x = F.avg_pool2d(F.relu(self.bn3(self.conv3(x)), inplace=True), 2)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.attnpool(x)


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) * width ** -0.5)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x, mask):
        n, length, width = x.shape
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-1, -2) / math.sqrt(width // self.heads) + mask).softmax(-1).to(v.dtype)
        return self.out_proj((weights @ v).transpose(1, 2).reshape(n, length, width))


class ResidualBlock(nn.Module):
    def __init__(self, width, heads, layers):
        super().__init__()
        self.attn = SelfAttention(width, heads)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "gelu": QuickGELU(), "c_proj": nn.Linear(4 * width, width)})
        residual = width ** -0.5 * (2 * layers) ** -0.5
        nn.init.normal_(self.attn.out_proj.weight, std=residual)
        nn.init.normal_(self.mlp["c_fc"].weight, std=(2 * width) ** -0.5)
        nn.init.normal_(self.mlp["c_proj"].weight, std=residual)

    def forward(self, x, mask):
        x = x + self.attn(self.ln_1(x), mask)
        return x + self.mlp["c_proj"](self.mlp["gelu"](self.mlp["c_fc"](self.ln_2(x))))


class Transformer(nn.Module):
    def __init__(self, width, layers, heads):
        super().__init__()
        self.resblocks = nn.ModuleList(ResidualBlock(width, heads, layers) for _ in range(layers))

    def forward(self, x, mask):
        for block in self.resblocks:
            x = block(x, mask)
        return x


class Clip(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.sizes = sizes
        self.visual = VisionTower(sizes)
        self.transformer = Transformer(sizes.text_width, sizes.text_layers, sizes.text_width // 64)
        self.token_embedding = nn.Embedding(sizes.vocabulary, sizes.text_width)
        self.positional_embedding = nn.Parameter(torch.randn(sizes.context, sizes.text_width) * .01)
        self.ln_final = nn.LayerNorm(sizes.text_width)
        self.text_projection = nn.Parameter(torch.randn(sizes.text_width, sizes.embedding) * sizes.text_width ** -0.5)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / .07)))
        nn.init.normal_(self.token_embedding.weight, std=.02)

    def encode_image(self, pixels):
        return self.visual(pixels)

    def encode_text(self, tokens):
        """tokens may be cut behind the longest caption: the mask is causal, so padding changes nothing."""
        length = tokens.shape[1]
        mask = torch.full((length, length), float("-inf")).triu_(1)
        x = self.token_embedding(tokens) + self.positional_embedding[:length]
        x = self.ln_final(self.transformer(x, mask))
        return x[torch.arange(len(x)), tokens.argmax(1)] @ self.text_projection


if __name__ == "__main__":
    for width, layers in ((24, (1, 1, 1, 1)), (24, (1, 2, 2, 1)), (32, (1, 1, 1, 1))):
        print(width, layers, sum(p.numel() for p in Clip(Sizes(2514, width=width, layers=layers)).parameters()))
