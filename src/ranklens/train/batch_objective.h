#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ranklens/base/random.h"
#include "ranklens/data/loader.h"
#include "ranklens/optim/objective.h"
#include "ranklens/train/compute.h"

namespace ranklens::train {

struct ObjectiveOptions {
  double label_smoothing = 0;
  /// Largest Euclidean norm of all gradients, and largest entry; 0: not clipped.
  double clip_norm = 0;
  double clip_value = 0;
  /// Pieces in which a batch is computed, one after the other, to save memory; gradients add up.
  std::int64_t accumulate = 1;
  Execution execution = {};
};

/// The mean loss over one batch as a function of the state, in training mode; of the logits where
/// the graph ends in a softmax. Dropout masks come from `random` and are the same at every call;
/// each piece has its own.
class BatchObjective final : public optim::Objective {
 public:
  BatchObjective(const nn::Graph& graph, const data::Batch& batch, const base::Stream& random,
                 const ObjectiveOptions& options);

  double loss(const nn::State& state) override;
  optim::Gradients loss_and_gradients(const nn::State& state, const optim::Phase& phase) override;
  bool takes_any_format() const override { return true; }
  /// Computes the layers before the first that uses one of the entries once, and holds their values
  /// for the whole batch.
  std::unique_ptr<optim::Objective> where_only_moves(const std::vector<std::string>& entries,
                                                     const nn::State& state) override;

  /// Correct answers at the state of the first loss_and_gradients, whose loss a step returns: later
  /// ones in a step are at states that have seen this batch.
  std::int64_t correct() const { return correct_.value_or(0); }
  /// The running statistics that the batch moves the state's to, of the first loss_and_gradients,
  /// too: passes at other points of a step leave them alone.
  const nn::StateChange& change() const { return change_; }

 private:
  struct Piece {
    at::Tensor loss;  ///< summed over the images, divided by the size of the batch
    std::int64_t correct = 0;
    nn::StateChange change;
  };
  BatchObjective(const BatchObjective& whole, nn::Graph graph,
                 std::vector<std::vector<at::Tensor>> inputs);

  std::vector<at::Tensor> outputs_of(const nn::Graph& graph, const nn::State& state,
                                     std::size_t piece, nn::StateChange& change) const;
  Piece run(const nn::State& state, std::size_t piece) const;

  const nn::Graph graph_;
  const base::Stream random_;
  const ObjectiveOptions options_;
  const std::int64_t size_;
  std::vector<std::vector<at::Tensor>> inputs_;  ///< by piece, in the order of the graph's
  std::vector<at::Tensor> labels_;               ///< by piece
  std::optional<std::int64_t> correct_;
  nn::StateChange change_;
};

}  // namespace ranklens::train
