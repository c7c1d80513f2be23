#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

namespace ranklens::base {

/// Reads the named tensors of a file of `torch.save`: zip archives (PyTorch 1.6 and later) and the
/// older format of joined pickles.
///
/// Understood are a dictionary from names to tensors or parameters, plain or ordered, and
/// checkpoints that hold one under `state_dict`, `model_state_dict`, `model`, `net`, `network`,
/// `params`, `module` or `ema`; in it, values that are no tensors are skipped. Every dense dtype;
/// tensors that share a storage still do. Nothing of the file is executed: a pickle that refers to
/// anything but tensors is an Error, as are whole pickled models, TorchScript programs, views
/// outside their storage, and files that are cut off or damaged.
std::map<std::string, at::Tensor> read_state_dict(const std::filesystem::path& path);

/// Writes a zip archive that `torch.load(path, weights_only=True)` reads as an OrderedDict, sorted
/// by name; same tensors, same bytes. Names that hold the very same tensor (address, shape and
/// strides) stay tied.
void write_state_dict(const std::filesystem::path& path,
                      const std::map<std::string, at::Tensor>& tensors);

}  // namespace ranklens::base
