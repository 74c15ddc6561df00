"""The trainer that training.py compares with: DistributedDataParallel as its users write it.

Usage, one process a rank: python -m torch.distributed.run --nproc-per-node N training_peer.py FRAMES OPTIONS_JSON
FRAMES holds CLASS/VIDEO/000000.jpg and so on; a DataLoader decodes them with PIL. The trainer avoids common losses of
speed: its workers send bytes, crop and resize are one call, gradients are views of the buckets, SGD is fused, and no
buffers are broadcast. Rank 0 prints a JSON object for each epoch: clips and seconds.
"""

import json
import math
import pathlib
import random
import sys
import time

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from PIL import Image
from torch.nn.parallel import DistributedDataParallel
from torch.optim import swa_utils
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "golden"))
import networks  # noqa: E402  pylint: disable=wrong-import-position

FRAMES_OF_CLIP = 16
MEAN = (114.7748, 107.7354, 99.4750)


class Clips(Dataset):
    def __init__(self, folder, options):
        self.options = options
        self.classes = sorted(path.name for path in folder.iterdir())
        self.videos = [(sorted(video.iterdir()), label) for label, name in enumerate(self.classes)
                       for video in sorted((folder / name).iterdir())]

    def __len__(self):
        return len(self.videos) * self.options["clips_per_video"]

    def __getitem__(self, index):
        frames, label = self.videos[index % len(self.videos)]
        size, stride = self.options["size"], self.options["stride"]
        start = random.randint(0, max(0, len(frames) - FRAMES_OF_CLIP * stride))
        box = None
        clip = np.empty((FRAMES_OF_CLIP, size, size, 3), np.uint8)
        for i in range(FRAMES_OF_CLIP):
            with Image.open(frames[(start + i * stride) % len(frames)]) as image:
                box = box or self.draw_box(*image.size)
                colours = image.convert("L" if self.options["grey"] else "RGB")
                shown = np.asarray(colours.resize((size, size), Image.BILINEAR, box))
                clip[i] = shown[:, :, None] if self.options["grey"] else shown
        if random.random() < 0.5:
            clip = np.ascontiguousarray(clip[:, :, ::-1])
        return torch.from_numpy(clip), label

    def draw_box(self, width, height):
        crop = self.options["crop"]
        if "scales" in crop:  # a square at the centre or in a corner, as in the paper
            side = int(min(width, height) * random.choice(crop["scales"]))
            x, y = random.choice([((width - side) // 2, (height - side) // 2), (0, 0), (width - side, 0),
                                  (0, height - side), (width - side, height - side)])
            return x, y, x + side, y + side
        while True:  # like RandomResizedCrop of torchvision
            area = width * height * random.uniform(crop["area"], 1)
            aspect = math.exp(random.uniform(math.log(crop["aspect"]), -math.log(crop["aspect"])))
            w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < w <= width and 0 < h <= height:
                x, y = random.randint(0, width - w), random.randint(0, height - h)
                return x, y, x + w, y + h


def main():
    options = json.loads(sys.argv[2])
    torch.set_num_threads(options["threads"])
    dist.init_process_group("gloo")
    rank, ranks = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(1)
    random.seed(rank)
    data = Clips(pathlib.Path(sys.argv[1]), options)
    drop = options["drop_last"]
    sampler = DistributedSampler(data, drop_last=drop)
    loader = DataLoader(data, options["batch"] // ranks, sampler=sampler, num_workers=options["workers"],
                        persistent_workers=options["workers"] > 0, drop_last=drop)
    networks.CLASSES = len(data.classes)
    network = networks.build(model="r3d", shortcut="a", **{"width": 1, **options["network"]})
    layout = getattr(torch, options["layout"])
    network = network.to(memory_format=layout)
    parallel = DistributedDataParallel(network, gradient_as_bucket_view=True, broadcast_buffers=False)
    sgd = torch.optim.SGD(network.parameters(), options["lr"], momentum=0.9, dampening=options["dampening"],
                          weight_decay=options["weight_decay"], fused=True)
    average = options["ema"] and swa_utils.AveragedModel(
        network, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(options["ema"]), use_buffers=True)
    mean = torch.tensor(MEAN).view(1, 3, 1, 1, 1)
    for epoch in range(options["epochs"]):
        dist.barrier()
        begin = time.perf_counter()
        sampler.set_epoch(epoch)
        losses = hits = clips = 0
        for pixels, labels in loader:
            inputs = pixels.permute(0, 4, 1, 2, 3).float().sub_(mean).contiguous(memory_format=layout)
            logits = parallel(inputs)
            loss = F.cross_entropy(logits, labels, label_smoothing=options["label_smoothing"])
            sgd.zero_grad()
            loss.backward()
            sgd.step()
            if average:
                average.update_parameters(network)
            losses += loss.item()
            hits += (logits.argmax(1) == labels).sum().item()
            clips += len(labels)
        dist.barrier()
        if rank == 0:
            print(json.dumps({"epoch": epoch + 1, "clips": clips * ranks, "seconds": time.perf_counter() - begin,
                              "loss": losses, "top1": hits / clips}), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
