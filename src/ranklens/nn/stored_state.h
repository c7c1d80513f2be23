#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>
#include <nlohmann/json_fwd.hpp>

#include "ranklens/nn/state.h"

namespace ranklens::nn {

/// The tensors of a state under their full names ("head.weight.core.0"). Of names that hold the
/// very same tensor, the first is kept and the others go to the table `aliases` (name -> name
/// kept).
struct StoredTensors {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> aliases;
};
StoredTensors store_tensors(const State& state);

/// Everything about a state but its numbers: [{"name", "format", "structure", "tensors", "buffer",
/// "trainable"}] in its order; "tensors" lists the names of the factors of a weight that is not
/// dense.
nlohmann::json describe(const State& state);

/// Puts a state together again. Error, which names the entry, for tensors that are missing, of the
/// wrong shape or no numbers, for names given twice, and for tensors that belong to nothing.
State restore(const nlohmann::json& entries, const StoredTensors& stored);

}  // namespace ranklens::nn
