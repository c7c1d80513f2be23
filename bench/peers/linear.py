"""A dense layer's forward by torch.nn.Linear: products a second."""
import argparse
import json
import time

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--size", type=int, default=1024)
options = parser.parse_args()

torch.set_num_threads(options.threads)
layer = torch.nn.Linear(options.size, options.size, bias=False)
x = torch.randn(options.size, options.size)
with torch.inference_mode():
    for _ in range(5):
        layer(x)
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < 1.0:
        layer(x)
        count += 1
print(json.dumps({"rate": count / (time.perf_counter() - begin), "version": torch.__version__}))
