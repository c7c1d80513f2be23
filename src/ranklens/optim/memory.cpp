#include "ranklens/optim/memory.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"

namespace ranklens::optim {
namespace {

// The fused kernels walk through memory, so all that belongs to a tensor has its strides.
at::Tensor laid_out_like(const at::Tensor& value, const at::Tensor& tensor) {
  if (value.strides() == tensor.strides() && value.scalar_type() == tensor.scalar_type()) {
    return value;
  }
  return at::empty_like(tensor).copy_(value);
}

}  // namespace

Memory::Slot& Memory::slot(const nn::NamedTensor& tensor) {
  Slot& slot = slots_[tensor.name];
  const bool fits =
      slot.quantities.size() == names_.size() &&
      std::all_of(slot.quantities.begin(), slot.quantities.end(), [&](const at::Tensor& one) {
        return one.sizes() == tensor.tensor.sizes() &&
               one.scalar_type() == tensor.tensor.scalar_type() &&
               one.device() == tensor.tensor.device();
      });
  base::require(tensor.tensor.is_non_overlapping_and_dense(),
                "the tensor '{}' shares or skips memory and cannot be trained", tensor.name);
  if (fits) {
    for (auto& one : slot.quantities) one = laid_out_like(one, tensor.tensor);
  } else {
    slot = {};
    for (std::size_t k = 0; k < names_.size(); ++k) {
      slot.quantities.push_back(at::zeros_like(tensor.tensor));
    }
  }
  return slot;
}

std::map<std::string, at::Tensor> Memory::save() const {
  std::map<std::string, at::Tensor> saved;
  for (const auto& [name, slot] : slots_) {
    for (std::size_t k = 0; k < names_.size(); ++k) {
      saved[name + "/" + names_[k]] = slot.quantities[k];
    }
    saved[name + "/steps"] = at::scalar_tensor(slot.steps, at::kLong);
  }
  return saved;
}

void Memory::load(const std::map<std::string, at::Tensor>& saved) {
  std::map<std::string, Slot> slots;
  for (const auto& [full, tensor] : saved) {
    const auto slash = full.rfind('/');
    base::require(slash != std::string::npos, "'{}' is no quantity of an optimiser", full);
    Slot& slot = slots[full.substr(0, slash)];
    slot.quantities.resize(names_.size());
    const std::string quantity = full.substr(slash + 1);
    if (quantity == "steps") {
      base::require(tensor.scalar_type() == at::kLong && tensor.numel() == 1,
                    "'{}' is not a number of steps", full);
      slot.steps = tensor.item<std::int64_t>();
      continue;
    }
    const auto found = std::find(names_.begin(), names_.end(), quantity);
    base::require(found != names_.end(), "this optimiser does not remember '{}'", full);
    slot.quantities[static_cast<std::size_t>(found - names_.begin())] = tensor;
  }
  for (const auto& [name, slot] : slots) {
    for (std::size_t k = 0; k < names_.size(); ++k) {
      base::require(slot.quantities[k].defined(), "the optimiser's '{}/{}' is missing", name,
                    names_[k]);
    }
  }
  slots_ = std::move(slots);
}

std::vector<at::Tensor> Group::quantity(std::size_t k) const {
  std::vector<at::Tensor> tensors_of;
  for (const auto* slot : slots) tensors_of.push_back(slot->quantities[k]);
  return tensors_of;
}

std::map<std::string, at::Tensor> take_prefixed(
    const std::map<std::string, at::Tensor>& saved, std::string_view prefix,
    const std::function<void(const std::string& name, const std::string& quantity,
                             const at::Tensor& tensor, const std::string& full)>& take) {
  std::map<std::string, at::Tensor> others;
  for (const auto& [full, tensor] : saved) {
    const auto slash = full.rfind('/');
    base::require(slash != std::string::npos, "'{}' is no quantity of an optimiser", full);
    if (full.starts_with(prefix)) {
      take(full.substr(prefix.size(), slash - prefix.size()), full.substr(slash + 1), tensor, full);
    } else {
      others[full] = tensor;
    }
  }
  return others;
}

std::vector<Group> make_groups(Memory& memory, const std::vector<nn::NamedTensor>& tensors,
                               const std::vector<at::Tensor>& gradients) {
  base::require(tensors.size() == gradients.size(), "{} gradients for {} tensors", gradients.size(),
                tensors.size());
  const at::NoGradGuard no_gradients;
  std::vector<Group> groups;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (!gradients[i].defined()) continue;
    const at::Tensor& tensor = tensors[i].tensor;
    Memory::Slot& slot = memory.slot(tensors[i]);
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& one) {
      return one.steps == slot.steps && one.tensors[0].scalar_type() == tensor.scalar_type() &&
             one.tensors[0].device() == tensor.device();
    });
    if (group == groups.end()) {
      group = groups.emplace(group);
      group->steps = slot.steps;
    }
    group->tensors.push_back(tensor.detach());
    group->gradients.push_back(laid_out_like(gradients[i], tensor));
    group->slots.push_back(&slot);
  }
  for (auto& group : groups) {
    for (auto* slot : group.slots) ++slot->steps;
  }
  return groups;
}

}  // namespace ranklens::optim
