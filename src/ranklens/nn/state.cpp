#include "ranklens/nn/state.h"

#include "ranklens/base/error.h"

namespace ranklens::nn {

const Entry& State::at(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end())  // the hint costs more than the look-up
    base::fail("the state has no entry '{}'{}", name, base::nearest_hint(name, names()));
  return entries_[found->second].second;
}

std::vector<std::string> State::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

void State::set(const std::string& name, Entry entry) {
  const auto [place, added] = index_.try_emplace(name, entries_.size());
  if (added) {
    entries_.emplace_back(name, std::move(entry));
  } else {
    entries_[place->second].second = std::move(entry);
  }
}

void State::replace(const std::string& name, Weight weight) {
  Entry entry = at(name);
  entry.weight = std::move(weight);
  set(name, std::move(entry));
}

void State::apply(const StateChange& change) {
  for (const auto& [name, tensor] : change) replace(name, Weight(tensor));
}

std::vector<NamedTensor> State::tensors() const {
  std::vector<NamedTensor> all;
  for (const auto& [name, entry] : entries_) {
    for (const auto& factor : entry.weight->factors()) {
      all.push_back({factor_name(name, factor.name), factor.tensor});
    }
  }
  return all;
}

std::vector<NamedTensor> State::trainable() const {
  std::vector<NamedTensor> all;
  for (const auto& [name, entry] : entries_) {
    if (entry.buffer || !entry.trainable) continue;
    for (const auto& factor : entry.weight->factors()) {
      all.push_back({factor_name(name, factor.name), factor.tensor});
    }
  }
  return all;
}

std::int64_t State::parameters() const {
  std::int64_t count = 0;
  for (const auto& [name, entry] : entries_) {
    if (!entry.buffer) count += entry.weight->parameters();
  }
  return count;
}

std::int64_t State::trainable_parameters() const {
  std::int64_t count = 0;
  for (const auto& [name, entry] : entries_) {
    if (!entry.buffer && entry.trainable) count += entry.weight->parameters();
  }
  return count;
}

std::int64_t State::buffer_numbers() const {
  std::int64_t count = 0;
  for (const auto& [name, entry] : entries_) {
    if (entry.buffer) count += entry.weight->parameters();
  }
  return count;
}

State State::clone() const {
  return map([](const at::Tensor& tensor) { return tensor.detach().clone(); });
}

State State::detach() const {
  return map([](const at::Tensor& tensor) { return tensor.detach(); });
}

State State::to(at::Device device) const {
  return map([&](const at::Tensor& tensor) { return tensor.to(device); });
}

State State::to(at::ScalarType dtype) const {
  return map([&](const at::Tensor& tensor) {
    return tensor.is_floating_point() ? tensor.to(dtype) : tensor;
  });
}

State State::as_leaves() const {
  State leaves = detach();
  for (auto& [name, entry] : leaves.entries_) {
    const bool needed = !entry.buffer && entry.trainable;
    for (const auto& factor : entry.weight->factors()) {
      if (factor.tensor.is_floating_point()) factor.tensor.set_requires_grad(needed);
    }
  }
  return leaves;
}

State State::frozen() const {
  State state = detach();
  for (auto& [name, entry] : state.entries_) entry.trainable = false;
  return state;
}

void State::set_tensor(const std::string& full_name, const at::Tensor& tensor) {
  for (auto& [name, entry] : entries_) {
    if (!full_name.starts_with(name)) continue;
    std::vector<at::Tensor> tensors;
    bool found = false;
    for (const auto& factor : entry.weight->factors()) {
      const bool here = factor_name(name, factor.name) == full_name;
      found = found || here;
      tensors.push_back(here ? tensor : factor.tensor);
    }
    if (!found) continue;
    entry.weight = entry.weight->with(std::move(tensors));
    return;
  }
  base::fail("the state has no tensor '{}'", full_name);
}

std::string factor_name(const std::string& entry, const std::string& factor) {
  return factor.empty() ? entry : entry + "." + factor;
}

}  // namespace ranklens::nn
