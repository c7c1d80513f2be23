#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/state.h"

namespace ranklens::optim {

/// What an optimiser remembers of each tensor: the quantities of a fixed list (say "m", "v"), each
/// of the tensor's shape, and how many steps the tensor has made.
class Memory {
 public:
  struct Slot {
    std::vector<at::Tensor> quantities;
    std::int64_t steps = 0;
  };

  explicit Memory(std::vector<std::string> names) : names_(std::move(names)) {}

  /// The slot of a tensor, made with zeros when it is new or has changed its shape, dtype or
  /// device.
  Slot& slot(const nn::NamedTensor& tensor);

  std::map<std::string, at::Tensor> save() const;
  /// An Error for a name that is none of ours or a tensor without all of its quantities.
  void load(const std::map<std::string, at::Tensor>& saved);

 private:
  std::vector<std::string> names_;
  std::map<std::string, Slot> slots_;
};

/// Hands each saved quantity "PREFIX:NAME/QUANTITY" to `take`; what bears no such prefix comes
/// back. An Error for a name without a quantity. `prefix` with its colon: "train:".
std::map<std::string, at::Tensor> take_prefixed(
    const std::map<std::string, at::Tensor>& saved, std::string_view prefix,
    const std::function<void(const std::string& name, const std::string& quantity,
                             const at::Tensor& tensor, const std::string& full)>& take);

/// Tensors that one fused call can change together: same device and dtype, as many steps made.
struct Group {
  std::vector<at::Tensor> tensors, gradients;
  std::vector<Memory::Slot*> slots;
  std::int64_t steps = 0;  ///< made before this one

  /// The k-th quantity of all.
  std::vector<at::Tensor> quantity(std::size_t k) const;
};

/// Counts one step for every tensor with a gradient.
std::vector<Group> make_groups(Memory& memory, const std::vector<nn::NamedTensor>& tensors,
                               const std::vector<at::Tensor>& gradients);

}  // namespace ranklens::optim
