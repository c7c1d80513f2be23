#!/usr/bin/env python3
"""Our maps against Captum's and pytorch-grad-cam's, on the same weights and images, before scaling and resizing.

    bench/peers/explanations.py --program build/release/bin/peer_maps

Needs what requirements.txt names (scripts/bootstrap peers); make bench-peers runs it. What is printed for each
network and method is max|a - b| / max|b|, b the peer's; the script fails if one is above 1e-4.
"""
import argparse
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch import nn

TOLERANCE = 1e-4


def import_torchvision():
    """A torchvision wheel built for another torch has no compiled operators; the models need none of them."""
    try:
        import torchvision
    except RuntimeError:
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        globals()["kept"] = library
        import torchvision
    return torchvision


def read_safetensors(path):
    data = path.read_bytes()
    size, = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + size])
    header.pop("__metadata__", None)
    kinds = {"F32": np.float32, "I64": np.int64}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[8 + size + begin:8 + size + end], kinds[entry["dtype"]])
        tensors[name] = torch.from_numpy(array.reshape(entry["shape"]).copy())
    return tensors


class ChannelsLast(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def cnn_dense():
    """The network of our `cnn-dense` by its node names."""
    layers, channels = {}, 1
    for index, width in enumerate((32, 64, 128)):
        for half in (1, 2):
            k = 2 * index + half
            layers[f"conv{k}"] = nn.Conv2d(channels, width, 3, padding=1)
            layers[f"relu{k}"] = nn.ReLU()
            layers[f"bn{k}"] = nn.BatchNorm2d(width, eps=1e-3)
            channels = width
        layers[f"pool{index + 1}"] = nn.MaxPool2d(2)
    layers["flatten"] = ChannelsLast()
    layers["head"] = nn.Linear(2048, 128)
    layers["head_bn"] = nn.BatchNorm1d(128, eps=1e-3)
    layers["classifier"] = nn.Linear(128, 10)
    model = nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    return model, "relu6"


def resnet18():
    return import_torchvision().models.resnet18(weights=None), "layer4.1"


def peers(model, layer, images, targets, noise):
    import_torchvision()
    import captum.attr as captum
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    module = dict(model.named_modules())[layer]
    yield "gradcam", "captum", captum.LayerGradCam(model, module).attribute(images, targets)[:, 0]
    with GradCAM(model=model, target_layers=[module]) as cam:
        wanted = [ClassifierOutputTarget(int(target)) for target in targets]
        scaled = cam(input_tensor=images, targets=wanted)
        activations = cam.activations_and_grads.activations[0].cpu().data.numpy()
        slopes = cam.activations_and_grads.gradients[0].cpu().data.numpy()
        raw = cam.get_cam_image(images, module, wanted, activations, slopes, False)
    yield "gradcam", "pytorch-grad-cam", torch.from_numpy(raw)
    yield "gradcam_scaled", "pytorch-grad-cam", torch.from_numpy(scaled)
    yield "saliency", "captum", captum.Saliency(model).attribute(images, targets)
    yield "input_x_gradient", "captum", captum.InputXGradient(model).attribute(images, targets)
    yield "integrated_gradients", "captum", captum.IntegratedGradients(model).attribute(
        images, target=targets, n_steps=50, internal_batch_size=64)
    # Captum draws its noise image by image from torch.normal: hand it ours.
    ordered = noise.transpose(0, 1).flatten(0, 1)
    for method, kind in (("smoothgrad", "smoothgrad"), ("smoothgrad_square", "smoothgrad_sq")):
        draw, torch.normal = torch.normal, lambda mean, deviation: mean + ordered * deviation
        try:
            tunnel = captum.NoiseTunnel(captum.Saliency(model))
            yield method, "captum", tunnel.attribute(
                images, nt_type=kind, nt_samples=noise.shape[0], stdevs=0.15, target=targets)
        finally:
            torch.normal = draw


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, required=True)
    program = parser.parse_args().program.resolve()
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([program, folder], check=True)
        for name, make in (("cnn-dense", cnn_dense), ("resnet18", resnet18)):
            model, layer = make()
            missing = model.load_state_dict(read_safetensors(folder / f"{name}.safetensors"), strict=False)
            unmatched = [key for key in missing.missing_keys if not key.endswith("num_batches_tracked")]
            assert not unmatched and not missing.unexpected_keys, (unmatched, missing.unexpected_keys)
            model.eval()
            load = lambda what: torch.from_numpy(np.load(folder / f"{name}.{what}.npy"))
            images, targets, noise = load("images"), load("targets"), load("noise")
            rows = [("logits", "torch", model(images).detach()), *peers(model, layer, images, targets, noise)]
            for method, peer, theirs in rows:
                ours, theirs = load(method), theirs.detach()
                assert ours.shape == theirs.shape, (method, peer, ours.shape, theirs.shape)
                error = ((ours - theirs).abs().max() / theirs.abs().max()).item()
                worst = max(worst, error)
                print(f"{name:10} {method:22} {peer:18} {error:.2e}")
    print(f"worst {worst:.2e}, allowed {TOLERANCE:.0e}")
    return worst > TOLERANCE


if __name__ == "__main__":
    sys.exit(main())
