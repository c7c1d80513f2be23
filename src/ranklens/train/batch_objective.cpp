#include "ranklens/train/batch_objective.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/base/scopes.h"
#include "ranklens/nn/cut.h"
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

std::vector<at::Tensor> split(const at::Tensor& whole, std::int64_t pieces) {
  return pieces == 1 ? std::vector<at::Tensor>{whole} : whole.tensor_split(pieces);
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
  for (auto& images : split(batch.images, pieces)) inputs_.push_back({std::move(images)});
  labels_ = split(batch.labels, pieces);
}

BatchObjective::BatchObjective(const BatchObjective& whole, nn::Graph graph,
                               std::vector<std::vector<at::Tensor>> inputs)
    : graph_(std::move(graph)),
      random_(whole.random_),
      options_(whole.options_),
      size_(whole.size_),
      inputs_(std::move(inputs)),
      labels_(whole.labels_) {}

std::unique_ptr<optim::Objective> BatchObjective::where_only_moves(
    const std::vector<std::string>& entries, const nn::State& state) {
  const auto cut = nn::cut_before_use(graph_, entries);
  if (!cut) return nullptr;
  const nn::Network network{graph_, state};
  const auto head = nn::head(network, *cut).graph;
  std::vector<std::vector<at::Tensor>> values;
  const at::NoGradGuard no_gradients;
  for (std::size_t piece = 0; piece < inputs_.size(); ++piece) {
    nn::StateChange change;
    values.push_back(outputs_of(head, state, piece, change));
  }
  return std::unique_ptr<optim::Objective>(
      new BatchObjective(*this, nn::tail(network, *cut).graph, std::move(values)));
}

std::vector<at::Tensor> BatchObjective::outputs_of(const nn::Graph& graph, const nn::State& state,
                                                   std::size_t piece,
                                                   nn::StateChange& change) const {
  const base::Stream random =
      inputs_.size() == 1 ? random_ : random_.child("piece", static_cast<std::uint64_t>(piece));
  auto result = nn::run(graph, training_state(graph, state, options_.execution), inputs_[piece],
                        {.mode = nn::Mode::train, .random = &random});
  change = std::move(result.change);
  return std::move(result.outputs);
}

BatchObjective::Piece BatchObjective::run(const nn::State& state, std::size_t piece) const {
  Piece done;
  const auto logits = outputs_of(graph_, state, piece, done.change).front();
  done.loss = cross_entropy_sum(logits, labels_[piece], options_.label_smoothing)
                  .div(static_cast<double>(size_));
  done.correct = count_correct(logits, labels_[piece]);
  return done;
}

double BatchObjective::loss(const nn::State& state) {
  const at::NoGradGuard no_gradients;
  double sum = 0;
  for (std::size_t piece = 0; piece < inputs_.size(); ++piece) {
    sum += run(state, piece).loss.item<double>();
  }
  return sum;
}

optim::Gradients BatchObjective::loss_and_gradients(const nn::State& state,
                                                    const optim::Phase& phase) {
  RECORD_USER_SCOPE(base::loss_scope);
  base::require(options_.clip_value == 0 || phase.name == "all",
                "entries of gradients are not clipped one by one on a manifold; clip their norm");
  nn::State leaves = state.as_leaves();
  const auto named = leaves.trainable();
  const auto inputs = tensors_of(named);
  base::require(!inputs.empty(), "no weight of this network is trainable");
  optim::Gradients found;
  std::vector<at::Tensor> gradients;
  std::int64_t correct = 0;
  nn::StateChange change;
  for (std::size_t piece = 0; piece < inputs_.size(); ++piece) {
    Piece done = run(leaves, piece);
    found.loss += done.loss.item<double>();
    correct += done.correct;
    auto more = torch::autograd::grad({done.loss}, inputs, {}, /*retain_graph=*/false,
                                      /*create_graph=*/false, /*allow_unused=*/true);
    optim::make_own(more);
    accumulate(gradients, std::move(more));
    leaves.apply(done.change);  // the next piece moves the running statistics on
    for (auto& [name, tensor] : done.change) change[name] = std::move(tensor);
  }
  if (!correct_) correct_ = correct, change_ = std::move(change);
  if (options_.clip_value > 0) optim::clip_value(gradients, options_.clip_value);
  if (options_.clip_norm > 0) {
    const double norm = optim::clip_norm(leaves, gradients, options_.clip_norm);
    if (norm > options_.clip_norm) found.scale = options_.clip_norm / norm;
  }
  for (std::size_t k = 0; k < named.size(); ++k) {
    found.gradients.push_back({named[k].name, std::move(gradients[k])});
  }
  return found;
}

}  // namespace ranklens::train
