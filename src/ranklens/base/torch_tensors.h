#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "ranklens/base/pickle.h"

// What both formats of torch.save have in common: tensors described by a pickle, storages beside
// it.
namespace ranklens::base::torch_file {

/// What a persistent identifier ('storage', class, key, device, count) says.
struct StorageReference {
  std::string_view key;
  at::ScalarType type = at::kByte;
  bool typed = false;  // false: an UntypedStorage, whose tensors name their type
  std::int64_t bytes = 0;
};

/// Whether a pickle of tensors may refer to that global.
bool is_allowed(std::string_view module_and_name);

/// Reads a persistent identifier; Error, about `what`, if it is malformed.
StorageReference read_reference(const PickleValue& id, std::string_view what);

/// Hands over the bytes of a storage, as a tensor of bytes of its own.
using LoadStorage = std::function<at::Tensor(const StorageReference&)>;

/// The tensors of the state dict that `root` is or holds.
std::map<std::string, at::Tensor> collect_tensors(const PickleValue& root, const LoadStorage& load,
                                                  std::string_view what);

/// The value of a text key of a dictionary, or nullptr.
const PickleValue* find_key(const PickleValue& dict, std::string_view key);

/// The format before PyTorch 1.6.
std::map<std::string, at::Tensor> read_joined_pickles(std::string_view bytes,
                                                      std::string_view what);

}  // namespace ranklens::base::torch_file
