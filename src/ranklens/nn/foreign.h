#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "ranklens/nn/network.h"

namespace ranklens::nn {

/// A state dict by name. The built-in networks name their entries as torchvision does where it has
/// the network, so a state dict of `torchvision.models.resnet18` fits the built-in `resnet18` as it
/// is.
using StateDict = std::map<std::string, at::Tensor>;

/// Reads the tensors of a `.safetensors` or a `torch.save` file (told apart by content).
StateDict read_state_dict_file(const std::filesystem::path& path);

/// Writes `.safetensors`, or for `.pth` and `.pt` what `torch.load(weights_only=True)` reads; Error
/// for another extension.
void write_state_dict_file(const std::filesystem::path& path, const StateDict& tensors);

/// The network with the values of a state dict; the types stay those of the network. The prefix
/// "module." of data-parallel training is dropped, `num_batches_tracked` ignored. A weight in
/// factors takes either its factors ("head.weight.U") or a dense tensor of its shape only if it is
/// dense. Error, with the names at fault, for tensors that are missing, unknown or of the wrong
/// shape.
Network with_state_dict(const Network& network, const StateDict& tensors);

/// The state as PyTorch would save it: a batch norm has its `num_batches_tracked` (0); a weight in
/// factors is multiplied out to the dense tensor that PyTorch's layer expects, unless `factors`.
StateDict state_dict(const Network& network, bool factors = false);

}  // namespace ranklens::nn
