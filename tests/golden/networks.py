"""The networks of every family, written with torch.nn from the papers, without code of reel3d or of its references.

build(model=..., **options) -> module. torchvision's presets are made of torchvision's own blocks.
"""

import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 5
BLOCKS = {10: [1, 1, 1, 1], 18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3]}


def pads(kernel):
    return tuple(k // 2 for k in kernel) if isinstance(kernel, tuple) else kernel // 2


def conv(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Conv3d(inputs, outputs, kernel, stride, pads(kernel), groups=groups, bias=False)


def middle(inputs, outputs, frames=3, size=3):
    """Returns the number of channels between the two convolutions of a (2+1)D convolution."""
    return inputs * outputs * frames * size * size // (inputs * size * size + frames * outputs)



def factorized(inputs, outputs, stride):
    m = middle(inputs, outputs)
    return [("_s", conv(inputs, m, (1, 3, 3), (1, stride, stride))), ("_t", conv(m, outputs, (3, 1, 1), (stride, 1, 1)))]


class Block(nn.Module):
    def __init__(self, model, inputs, planes, stride, shortcut, bottleneck, gradient):
        super().__init__()
        expansion = {"wide": 2, "resnext": 2}.get(model, 4) if bottleneck else 1
        self.outputs = planes * expansion
        if bottleneck:
            wide = 32 * max(1, planes // 32) if model == "resnext" else planes
            groups = 32 if model == "resnext" else 1
            spatial = factorized(planes, planes, stride) if model == "r2p1d" else [
                ("", conv(wide, wide, 3, stride, groups))]
            convs = [("1", conv(inputs, wide, 1))]
            convs += [("2" + n, c) for n, c in spatial]
            convs += [("3", conv(wide, self.outputs, 1))]
        elif model == "r2p1d":
            convs = [("1" + n, c) for n, c in factorized(inputs, planes, stride)]
            convs += [("2" + n, c) for n, c in factorized(planes, planes, 1)]
        else:
            convs = [("1", conv(inputs, planes, 3, stride)), ("2", conv(planes, planes, 3))]
        self.before = model == "preact"
        self.names = [name for name, _ in convs]
        for name, module in convs:
            setattr(self, f"conv{name}", module)
            setattr(self, f"bn{name}", nn.BatchNorm3d(module.in_channels if self.before else module.out_channels))
        self.stride, self.extra, self.gradient = stride, self.outputs - inputs, gradient
        self.downsample = None
        if shortcut == "b" and (stride != 1 or inputs != self.outputs):
            self.downsample = nn.Sequential(
                nn.Conv3d(inputs, self.outputs, 1, stride, bias=False), nn.BatchNorm3d(self.outputs))

    def bridge(self, x):
        if self.downsample is not None:
            return self.downsample(x)
        if self.stride == 1 and self.extra == 0:
            return x
        x = F.avg_pool3d(x, kernel_size=1, stride=self.stride)
        if self.gradient == "cut":
            x = x.data  # the reference code loses the gradient here
        n, _, t, h, w = x.shape
        return torch.cat([x, x.new_zeros(n, self.extra, t, h, w)], dim=1)

    def forward(self, x):
        y = x
        for name in self.names:
            c, bn = getattr(self, f"conv{name}"), getattr(self, f"bn{name}")
            if self.before:
                y = c(F.relu(bn(y)))
            else:
                y = bn(c(y))
                y = y if name == self.names[-1] else F.relu(y)
        y = y + self.bridge(x)
        return y if self.before else F.relu(y)


class ResNet(nn.Module):
    def __init__(self, model, depth, shortcut="a", width=1, stem_frames=7, stem_stride=1, max_pool=True,
                 shortcut_gradient="flow", stem_channels=0):
        super().__init__()
        first = stem_channels or int(64 * width)
        base = 128 if model in ("wide", "resnext") else 64
        self.stem = ["1"]
        if model == "r2p1d":
            m = middle(3, first, stem_frames, 7)
            self.stem = ["1_s", "1_t"]
            self.conv1_s, self.bn1_s = conv(3, m, (1, 7, 7), (1, 2, 2)), nn.BatchNorm3d(m)
            self.conv1_t, self.bn1_t = conv(m, first, (stem_frames, 1, 1), (stem_stride, 1, 1)), nn.BatchNorm3d(first)
        else:
            self.conv1 = conv(3, first, (stem_frames, 7, 7), (stem_stride, 2, 2))
            self.bn1 = nn.BatchNorm3d(first)
        self.max_pool = max_pool
        inputs = first
        for i in range(4):
            layer = []
            for j in range(BLOCKS[depth][i]):
                stride = 2 if i > 0 and j == 0 else 1
                layer.append(Block(model, inputs, int(base * 2**i * width), stride, shortcut, depth >= 50,
                                   shortcut_gradient))
                inputs = layer[-1].outputs
            setattr(self, f"layer{i + 1}", nn.Sequential(*layer))
        self.fc = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        for name in self.stem:
            x = F.relu(getattr(self, f"bn{name}")(getattr(self, f"conv{name}")(x)))
        if self.max_pool:
            x = F.max_pool3d(x, 3, 2, 1)
        for i in range(4):
            x = getattr(self, f"layer{i + 1}")(x)
        return self.fc(x.mean(dim=(2, 3, 4)))


class DenseLayer(nn.Module):
    def __init__(self, inputs, growth):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm3d(inputs), conv(inputs, 4 * growth, 1)
        self.norm2, self.conv2 = nn.BatchNorm3d(4 * growth), conv(4 * growth, growth, 3)

    def forward(self, x):
        return self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))


class DenseNet(nn.Module):
    """DenseNet-BC of Huang et al. 2017, table 1 and section 3: bottlenecks, and half the channels between blocks. The
    stem is that of the 3D ResNets."""

    BLOCKS = {121: [6, 12, 24, 16], 169: [6, 12, 32, 32], 201: [6, 12, 48, 32], 264: [6, 12, 64, 48]}

    def __init__(self, depth, width=1, stem_frames=7, stem_stride=1, max_pool=True, stem_channels=0):
        super().__init__()
        channels, growth = stem_channels or int(64 * width), int(32 * width)
        self.max_pool = max_pool
        self.features = nn.Module()
        self.features.conv1 = conv(3, channels, (stem_frames, 7, 7), (stem_stride, 2, 2))
        self.features.norm1 = nn.BatchNorm3d(channels)
        for b, count in enumerate(self.BLOCKS[depth], 1):
            block = nn.Module()
            for i in range(count):
                block.add_module(f"denselayer{i + 1}", DenseLayer(channels, growth))
                channels += growth
            self.features.add_module(f"denseblock{b}", block)
            if b < 4:
                transition = nn.Module()
                transition.norm = nn.BatchNorm3d(channels)
                transition.conv = conv(channels, channels // 2, 1)
                self.features.add_module(f"transition{b}", transition)
                channels //= 2
        self.features.norm5 = nn.BatchNorm3d(channels)
        self.last = nn.Identity()  # its output is the last features
        self.classifier = nn.Linear(channels, CLASSES)

    def forward(self, x):
        layers = dict(self.features.named_children())
        x = F.relu(layers["norm1"](layers["conv1"](x)))
        if self.max_pool:
            x = F.max_pool3d(x, 3, 2, 1)
        for b in range(1, 5):
            for layer in layers[f"denseblock{b}"].children():
                x = torch.cat([x, layer(x)], dim=1)
            if b < 4:
                transition = layers[f"transition{b}"]
                x = F.avg_pool3d(transition.conv(F.relu(transition.norm(x))), 2, 2)
        return self.classifier(self.last(F.relu(layers["norm5"](x))).mean(dim=(2, 3, 4)))


class C3d(nn.Module):
    """C3D of Tran et al. 2015. With `batch_norm`, after every layer but the last: the variant of Carreira and Zisserman
    2017, section 2."""

    def __init__(self, width, batch_norm):
        super().__init__()
        self.batch_norm = batch_norm
        self.plan = [("1", 64), (None, 1), ("2", 128), (None, 2), ("3a", 256), ("3b", 256), (None, 2), ("4a", 512),
                     ("4b", 512), (None, 2), ("5a", 512), ("5b", 512)]
        inputs = 3
        for name, outputs in self.plan:
            if name:
                outputs = int(outputs * width)
                setattr(self, "conv" + name, nn.Conv3d(inputs, outputs, 3, padding=1, bias=not batch_norm))
                if batch_norm:
                    setattr(self, "bn" + name, nn.BatchNorm3d(outputs))
                inputs = outputs
        hidden = int(4096 * width)
        self.fc6 = nn.Linear(inputs * 16, hidden)
        self.fc7 = nn.Linear(hidden, hidden)
        self.fc8 = nn.Linear(hidden, CLASSES)
        self.last = nn.Identity()  # its output is the last features
        if batch_norm:
            self.bn6, self.bn7 = nn.BatchNorm1d(hidden), nn.BatchNorm1d(hidden)

    def norm(self, name, x):
        return getattr(self, "bn" + name)(x) if self.batch_norm else x

    def forward(self, x):
        for name, value in self.plan:
            if name:
                x = F.relu(self.norm(name, getattr(self, "conv" + name)(x)))
            else:
                x = F.max_pool3d(x, (value, 2, 2), (value, 2, 2))
        x = F.max_pool3d(self.last(x), 2, 2, (0, 1, 1)).flatten(1)
        x = F.relu(self.norm("6", self.fc6(x)))
        x = F.relu(self.norm("7", self.fc7(x)))
        return self.fc8(x)


def same(x, kernel, stride):
    """Pads as TensorFlow does: the output has ceil(input / stride) values, and an odd zero goes to the end."""
    amounts = []
    for size, k, s in zip(x.shape[2:], kernel, stride):
        total = max((-(-size // s) - 1) * s + k - size, 0)
        amounts = [total // 2, total - total // 2] + amounts
    return F.pad(x, amounts)


class Unit(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, last=False):
        super().__init__()
        self.conv3d = nn.Conv3d(inputs, outputs, kernel, stride, bias=last)
        self.bn = None if last else nn.BatchNorm3d(outputs, eps=1e-3, momentum=0.01)

    def forward(self, x):
        x = self.conv3d(same(x, self.conv3d.kernel_size, self.conv3d.stride))
        return x if self.bn is None else F.relu(self.bn(x))


def pool(x, kernel, stride):
    return F.max_pool3d(same(x, kernel, stride), kernel, stride)


class Mixed(nn.Module):
    def __init__(self, inputs, sizes):
        super().__init__()
        self.b0 = Unit(inputs, sizes[0], 1)
        self.b1a, self.b1b = Unit(inputs, sizes[1], 1), Unit(sizes[1], sizes[2], 3)
        self.b2a, self.b2b = Unit(inputs, sizes[3], 1), Unit(sizes[3], sizes[4], 3)
        self.b3b = Unit(inputs, sizes[5], 1)
        self.outputs = sizes[0] + sizes[2] + sizes[4] + sizes[5]

    def forward(self, x):
        pooled = pool(x, (3, 3, 3), (1, 1, 1))
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(pooled)], 1)


class I3d(nn.Module):
    """I3D of Carreira and Zisserman 2017, figure 3."""

    MIXED = {
        "3b": [64, 96, 128, 16, 32, 32], "3c": [128, 128, 192, 32, 96, 64],
        "4b": [192, 96, 208, 16, 48, 64], "4c": [160, 112, 224, 24, 64, 64], "4d": [128, 128, 256, 24, 64, 64],
        "4e": [112, 144, 288, 32, 64, 64], "4f": [256, 160, 320, 32, 128, 128],
        "5b": [256, 160, 320, 32, 128, 128], "5c": [384, 192, 384, 48, 128, 128],
    }

    def __init__(self, width):
        super().__init__()
        def scaled(channels):
            return int(channels * width)

        self.Conv3d_1a_7x7 = Unit(3, scaled(64), 7, 2)
        self.Conv3d_2b_1x1 = Unit(scaled(64), scaled(64), 1)
        self.Conv3d_2c_3x3 = Unit(scaled(64), scaled(192), 3)
        inputs = scaled(192)
        for name, sizes in self.MIXED.items():
            mixed = Mixed(inputs, [scaled(size) for size in sizes])
            setattr(self, "Mixed_" + name, mixed)
            inputs = mixed.outputs
        self.logits = Unit(inputs, CLASSES, 1, last=True)

    def forward(self, x):
        x = pool(self.Conv3d_1a_7x7(x), (1, 3, 3), (1, 2, 2))
        x = pool(self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x)), (1, 3, 3), (1, 2, 2))
        for name in self.MIXED:
            if name == "4b":
                x = pool(x, (3, 3, 3), (2, 2, 2))
            if name == "5b":
                x = pool(x, (2, 2, 2), (2, 2, 2))
            x = getattr(self, "Mixed_" + name)(x)
        window = [min(a, b) for a, b in zip((2, 7, 7), x.shape[2:])]
        return self.logits(F.avg_pool3d(x, window, 1)).mean(dim=(2, 3, 4))


def torchvision_preset(model, width):
    """torchvision's VideoResNet with all channels scaled. Blocks, layers and forward() are torchvision's own."""
    from torchvision.models.video import resnet as tv

    def makers(first, rest):
        return [first, rest, rest, rest]

    kinds = {
        "r3d_18": (makers(tv.Conv3DSimple, tv.Conv3DSimple), tv.BasicStem),
        "mc3_18": (makers(tv.Conv3DSimple, tv.Conv3DNoTemporal), tv.BasicStem),
        "r2plus1d_18": (makers(tv.Conv2Plus1D, tv.Conv2Plus1D), tv.R2Plus1dStem),
    }
    conv_makers, stem = kinds[model]
    network = tv.VideoResNet(tv.BasicBlock, conv_makers, [2, 2, 2, 2], stem, num_classes=CLASSES)
    network.inplanes = int(64 * width)
    channels = {3: 3, 45: int(45 * width), 64: int(64 * width)}
    for i, module in enumerate(network.stem):
        if isinstance(module, nn.Conv3d):
            network.stem[i] = nn.Conv3d(channels[module.in_channels], channels[module.out_channels],
                                        module.kernel_size, module.stride, module.padding, bias=False)
        elif isinstance(module, nn.BatchNorm3d):
            network.stem[i] = nn.BatchNorm3d(channels[module.num_features])
    for i, maker in enumerate(conv_makers):
        layer = network._make_layer(tv.BasicBlock, maker, int(64 * 2**i * width), 2, stride=1 if i == 0 else 2)
        setattr(network, f"layer{i + 1}", layer)
    network.fc = nn.Linear(int(512 * width), CLASSES)
    return network


def build(model, **options):
    if model in ("c3d", "c3d-bn"):
        return C3d(options.get("width", 1), model == "c3d-bn")
    if model == "densenet":
        return DenseNet(**options)
    if model == "i3d":
        return I3d(options.get("width", 1))
    if model in ("r3d_18", "mc3_18", "r2plus1d_18"):
        return torchvision_preset(model, options.get("width", 1))
    return ResNet(model, **options)
