"""Training steps of the paper's CNN by eager PyTorch: images a second, batch 512, dropout, fused Adam."""
import argparse
import json
import time

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--layout", choices=["nchw", "channels-last"], default="channels-last")
parser.add_argument("--bfloat16", action="store_true")
# As many as our benchmark takes: the best of more steps is a better one.
parser.add_argument("--steps", type=int, default=6)
options = parser.parse_args()

torch.set_num_threads(options.threads)
IMAGES = 512
layers, channels = [], 1
for width, drop in ((32, 0.2), (64, 0.3), (128, 0.4)):
    for _ in range(2):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True),
                   nn.BatchNorm2d(width, eps=1e-3, momentum=0.01)]
        channels = width
    layers += [nn.MaxPool2d(2), nn.Dropout(drop)]
model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 128), nn.BatchNorm1d(128, eps=1e-3, momentum=0.01),
                      nn.Dropout(0.5), nn.Linear(128, 10))
images, labels = torch.rand(IMAGES, 1, 32, 32), torch.randint(10, (IMAGES,))
if options.layout == "channels-last":
    model = model.to(memory_format=torch.channels_last)
    images = images.contiguous(memory_format=torch.channels_last)
optimiser = torch.optim.Adam(model.parameters(), fused=True)
loss = nn.CrossEntropyLoss()


def step():
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
        value = loss(model(images), labels)
    value.backward()
    optimiser.step()


step()
best, begin = float("inf"), time.perf_counter()
for _ in range(options.steps):
    used = time.process_time()
    step()
    best = min(best, time.process_time() - used)
seconds = time.perf_counter() - begin
print(json.dumps({"rate": IMAGES * options.steps / seconds, "processor_rate": IMAGES / best, "version": torch.__version__}))
