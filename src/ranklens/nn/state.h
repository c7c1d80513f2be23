#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/weight.h"

namespace ranklens::nn {

/// One named entry of a network's state.
struct Entry {
  Weight weight;
  /// Buffers (running statistics) are never trained; parameters are, unless frozen.
  bool buffer = false;
  bool trainable = true;
};

/// One stored tensor with its full name: "conv1.weight", "head.weight.core.0".
struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

/// New values of buffers that a run in training mode computed.
using StateChange = std::map<std::string, at::Tensor>;

/// Names to weights and buffers, in the order of the graph. Copies share tensors.
class State {
 public:
  bool contains(const std::string& name) const { return index_.contains(name); }
  /// An Error with the nearest names when there is no such entry.
  const Entry& at(const std::string& name) const;
  const at::Tensor& tensor(const std::string& name) const { return at(name).weight.tensor(); }
  std::vector<std::string> names() const;
  std::size_t size() const { return entries_.size(); }

  /// Adds an entry or replaces the one of this name, keeping its place.
  void set(const std::string& name, Entry entry);
  /// Replaces the weight of an existing entry.
  void replace(const std::string& name, Weight weight);
  void apply(const StateChange& change);

  /// All stored tensors in order; the trainable ones; the buffers.
  std::vector<NamedTensor> tensors() const;
  std::vector<NamedTensor> trainable() const;

  /// Stored numbers of all parameters (trainable or frozen), of the trainable ones, of buffers.
  std::int64_t parameters() const;
  std::int64_t trainable_parameters() const;
  std::int64_t buffer_numbers() const;

  /// A state with every stored tensor mapped: the shape may change, the names may not.
  template <class Map>
  State map(Map&& function) const {
    State mapped = *this;
    for (auto& [name, entry] : mapped.entries_) entry.weight = map_factors(entry.weight, function);
    return mapped;
  }
  State clone() const;
  State detach() const;
  State to(at::Device device) const;
  /// Floating-point tensors only.
  State to(at::ScalarType dtype) const;
  /// Leaves that require gradients where trainable, and do not elsewhere.
  State as_leaves() const;
  State frozen() const;

  /// The tensor of a full name such as "head.weight.core.0", replaced.
  void set_tensor(const std::string& full_name, const at::Tensor& tensor);

 private:
  std::vector<std::pair<std::string, Entry>> entries_;
  std::map<std::string, std::size_t> index_;
};

/// "head.weight" and "core.0" -> "head.weight.core.0"; a dense weight's only factor keeps the
/// entry's name.
std::string factor_name(const std::string& entry, const std::string& factor);

}  // namespace ranklens::nn
