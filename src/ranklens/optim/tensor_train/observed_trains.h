#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ranklens/optim/tensor_train/layers.h"

namespace ranklens::optim {

/// What is worth a line about the trains that an optimiser has left. Numbers are computed when they
/// are asked for; until then the cores are shared with the state.
class ObservedTrains {
 public:
  /// The cores [r, n, r'] that a step put into the state, orthogonal on both sides of `centre` up
  /// to a factor each, or meant to be.
  void keep(const std::string& name, std::vector<at::Tensor> cores, std::int64_t centre);

  /// Of each train "rank/NAME.k", the rank between cores k and k + 1; "params/NAME", how many
  /// numbers it has; "drift/NAME", the largest entry of |Q^T Q - 1| of the cores beside the centre,
  /// whose factor is taken out; and where that is below 1e-3, "log_norm/NAME", the natural
  /// logarithm of the norm.
  std::map<std::string, double> numbers() const;

 private:
  struct One {
    std::vector<at::Tensor> cores;
    std::int64_t centre = 0;
  };
  std::map<std::string, One> trains_;
};

}  // namespace ranklens::optim
