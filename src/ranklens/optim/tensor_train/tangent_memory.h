#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::optim {

/// What a Riemannian optimiser remembers of a train. Vectors of earlier tangent spaces are kept as
/// trains of their own (of twice the ranks they were made at), so they can be projected onto any
/// other tangent space, of other ranks too.
struct TangentMemory {
  tn::TensorTrain momentum = {}, gradient = {};
  double second = 0;  ///< Adam's second moment
  double tried = 0;   ///< the last step of a line search
  double cut = -1;    ///< by the last rounding before a step; negative: there was none
  std::int64_t steps = 0;

  /// Under "PREFIX/momentum.0" and so on.
  void save(const std::string& prefix, std::map<std::string, at::Tensor>& saved) const;
  /// One of the quantities that save() wrote; `full` is its name in messages. Error: no such
  /// quantity, or none of its kind.
  void load(const std::string& quantity, const at::Tensor& tensor, const std::string& full);
  /// After all of them: an Error unless what is remembered of the train `name` are trains.
  void check(const std::string& name) const;
};

}  // namespace ranklens::optim
