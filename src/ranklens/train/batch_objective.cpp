#include "ranklens/train/batch_objective.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/logits.h"
#include "ranklens/optim/clip.h"
#include "ranklens/train/loss.h"

namespace ranklens::train {
namespace {

std::vector<at::Tensor> tensors_of(const std::vector<nn::NamedTensor>& named) {
  std::vector<at::Tensor> tensors;
  for (const auto& one : named) tensors.push_back(one.tensor);
  return tensors;
}

// Adds to sums; either may hold undefined tensors where the loss does not depend on a weight.
void accumulate(std::vector<at::Tensor>& sums, std::vector<at::Tensor>&& more) {
  if (sums.empty()) {
    sums = std::move(more);
    return;
  }
  for (std::size_t k = 0; k < sums.size(); ++k) {
    if (!sums[k].defined()) {
      sums[k] = std::move(more[k]);
    } else if (more[k].defined()) {
      sums[k].add_(more[k]);
    }
  }
}

}  // namespace

BatchObjective::BatchObjective(const nn::Graph& graph, const data::Batch& batch,
                               const base::Stream& random, const ObjectiveOptions& options)
    : graph_(nn::with_logits(graph)),
      random_(random),
      options_(options),
      size_(batch.labels.size(0)) {
  base::require(options.accumulate >= 1, "a batch is computed in at least 1 piece, not {}",
                options.accumulate);
  const std::int64_t pieces = std::min(options.accumulate, size_);
  images_ = pieces == 1 ? std::vector<at::Tensor>{batch.images} : batch.images.tensor_split(pieces);
  labels_ = pieces == 1 ? std::vector<at::Tensor>{batch.labels} : batch.labels.tensor_split(pieces);
}

BatchObjective::Piece BatchObjective::run(const nn::State& state, std::size_t piece) const {
  const base::Stream random =
      images_.size() == 1 ? random_ : random_.child("piece", static_cast<std::uint64_t>(piece));
  auto result = nn::run(graph_, training_state(graph_, state, options_.execution), {images_[piece]},
                        {.mode = nn::Mode::train, .random = &random});
  const at::Tensor& logits = result.output();
  return {.loss = cross_entropy_sum(logits, labels_[piece], options_.label_smoothing)
                      .div(static_cast<double>(size_)),
          .correct = count_correct(logits, labels_[piece]),
          .change = std::move(result.change)};
}

double BatchObjective::loss(const nn::State& state) {
  const at::NoGradGuard no_gradients;
  double sum = 0;
  for (std::size_t piece = 0; piece < images_.size(); ++piece) {
    sum += run(state, piece).loss.item<double>();
  }
  return sum;
}

optim::Gradients BatchObjective::loss_and_gradients(const nn::State& state,
                                                    const optim::Phase& phase) {
  base::require(options_.clip_value == 0 || phase.name == "all",
                "entries of gradients are not clipped one by one on a manifold; clip their norm");
  nn::State leaves = state.as_leaves();
  const auto named = leaves.trainable();
  const auto inputs = tensors_of(named);
  base::require(!inputs.empty(), "no weight of this network is trainable");
  optim::Gradients found;
  std::vector<at::Tensor> gradients;
  std::int64_t correct = 0;
  change_.clear();
  for (std::size_t piece = 0; piece < images_.size(); ++piece) {
    Piece done = run(leaves, piece);
    found.loss += done.loss.item<double>();
    correct += done.correct;
    accumulate(gradients, torch::autograd::grad({done.loss}, inputs, {}, /*retain_graph=*/false,
                                                /*create_graph=*/false, /*allow_unused=*/true));
    leaves.apply(done.change);  // the next piece moves the running statistics on
    for (auto& [name, tensor] : done.change) change_[name] = std::move(tensor);
  }
  if (!correct_) correct_ = correct;
  if (options_.clip_value > 0) optim::clip_value(gradients, options_.clip_value);
  if (options_.clip_norm > 0) {
    const double norm = optim::clip_norm(gradients, options_.clip_norm);
    if (norm > options_.clip_norm) found.scale = options_.clip_norm / norm;
  }
  for (std::size_t k = 0; k < named.size(); ++k) {
    found.gradients.push_back({named[k].name, std::move(gradients[k])});
  }
  return found;
}

}  // namespace ranklens::train
