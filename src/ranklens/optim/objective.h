#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ranklens/nn/state.h"

namespace ranklens::optim {

/// Which gradients a method needs now. Methods that change all weights at once ask for "all";
/// those on manifolds for "factors", whose entries are coordinates: they may be scaled together,
/// not clipped one by one.
struct Phase {
  std::string name = "all";
};

struct Gradients {
  double loss = 0;
  /// One for each of state.trainable(), in that order and under those names; undefined where the
  /// loss does not depend on the tensor.
  std::vector<nn::NamedTensor> gradients;
  /// What clipping multiplied them by.
  double scale = 1;
};

/// What an optimiser minimises: the loss over one batch (or several, summed up inside), as a
/// function of the state. Everything random in it is the same for every call within a step, so that
/// trial points can be compared.
class Objective {
 public:
  virtual ~Objective() = default;
  virtual double loss(const nn::State& state) = 0;
  virtual Gradients loss_and_gradients(const nn::State& state, const Phase& phase) = 0;

  /// Whether it runs a network's graph and reads no tensor of the state by itself, so that the
  /// cores of a matrix product state may come as weights that the network's operators understand
  /// and whose factors are not the cores (state_probe()): gradients on a manifold cost what the
  /// state costs then, where nothing before it is trained.
  virtual bool takes_any_format() const { return false; }

  /// The same losses and gradients for states that differ from `state` in these entries alone,
  /// with what does not depend on them computed once. It lives no longer than this objective, and
  /// moves nothing that this one remembers (answers, running statistics). Null where nothing would
  /// be saved.
  virtual std::unique_ptr<Objective> where_only_moves(const std::vector<std::string>& entries,
                                                      const nn::State& state) {
    static_cast<void>(entries);
    static_cast<void>(state);
    return nullptr;
  }
};

}  // namespace ranklens::optim
