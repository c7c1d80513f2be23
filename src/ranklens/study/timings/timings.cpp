#include "ranklens/study/timings/timings.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/memory.h"
#include "ranklens/base/random.h"
#include "ranklens/nn/builder.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"

namespace ranklens::study::timings {
namespace {

using nlohmann::json;

nn::Network network_of(const Options& options, const std::string& layers) {
  nn::GraphBuilder g(layers);
  auto x = g.flatten("flatten", g.input("image", {1, 1, options.width}));
  for (std::int64_t k = 1; k <= options.layers; ++k) {
    x = g.linear(fmt::format("fc{}", k), x, {.out = options.width});
    x = g.relu(fmt::format("relu{}", k), x);
  }
  g.linear("classifier", x, {.out = 10});
  return g.build(options.seed);
}

data::Batch batch_of(const Options& options) {
  base::Stream stream(options.seed, "data", "timings");
  data::Batch batch;
  batch.images = stream.uniform({options.batch, 1, 1, options.width}, 0, 1);
  batch.labels = stream.integers({options.batch}, 10);
  return batch;
}

/// One form of the network and what it is trained by.
class Contestant {
 public:
  Contestant(const Options& options, const std::string& layers, const std::string& optimiser)
      : network_(network_of(options, layers)), optimiser_(optim::make_optimiser(optimiser)) {}

  void train(const data::Batch& batch) {
    train::BatchObjective objective(network_.graph, batch, base::Stream(1, "dropout"), {});
    const double loss = optimiser_->step(network_.state, objective);
    base::require(std::isfinite(loss), "a loss that is not finite cannot be timed");
  }
  void predict(const data::Batch& batch) {
    const at::NoGradGuard no_gradients;
    if (!finished_) finished_ = {network_.graph, optimiser_->finished(network_.state)};
    (*finished_)(batch.images);
  }

 private:
  nn::Network network_;
  std::unique_ptr<optim::Optimiser> optimiser_;
  std::optional<nn::Network> finished_;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <class Work>
double timed(const Work& work) {
  const base::Stopwatch watch;
  work();
  return watch.seconds();
}

/// Seconds of a contestant and of the dense network, by turns, so that a busy machine is busy for
/// both.
struct Seconds {
  double train = 0, dense_train = 0, predict = 0, dense_predict = 0;
};

Seconds compared(Contestant& one, Contestant& dense, const data::Batch& batch, int repeats,
                 bool predictions) {
  std::vector<double> train, dense_train, predict, dense_predict;
  one.train(batch);
  for (int k = 0; k < repeats; ++k) {
    train.push_back(timed([&] { one.train(batch); }));
    dense_train.push_back(timed([&] { dense.train(batch); }));
  }
  if (!predictions) return {median(train), median(dense_train), 0, 0};
  one.predict(batch), dense.predict(batch);
  for (int k = 0; k < 3 * repeats; ++k) {
    predict.push_back(timed([&] { one.predict(batch); }));
    dense_predict.push_back(timed([&] { dense.predict(batch); }));
  }
  return {median(train), median(dense_train), median(predict), median(dense_predict)};
}

json measured(const Options& options, std::int64_t rank, const Experiment::Work& work) {
  const auto batch = batch_of(options);
  const auto layers = fmt::format("fc*: low_rank(r={})", rank);
  auto dense = std::make_unique<Contestant>(options, "", "adam(lr=1e-4)");
  dense->train(batch);
  json training = json::object(), ratios = json::object();
  json result{{"rank", rank}, {"threads", at::get_num_threads()}};
  double done = 0;
  for (const auto& method : methods()) {
    if (base::interrupted()) return nullptr;
    base::report(work.progress, {.stage = "time " + work.cell,
                                 .done = done++,
                                 .total = static_cast<double>(methods().size()),
                                 .unit = "methods",
                                 .note = method.name});
    if (method.augments && rank > options.largest_augmented) continue;
    Contestant one(options, layers, fmt::format(fmt::runtime(method.spec), rank));
    const bool first = ratios.empty();
    const auto seconds = compared(one, *dense, batch, options.repeats, first);
    training[method.id] = {{"seconds", seconds.train}, {"dense", seconds.dense_train}};
    ratios[method.id] = seconds.dense_train / seconds.train;
    if (!first) continue;
    result["predict"] = {{"seconds", seconds.predict}, {"dense", seconds.dense_predict}};
  }
  result["train"] = training;
  return result;
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> all{
      {"U V^T, Adam", "uv", "adam(lr=1e-4)"},
      {"BUG, fixed rank", "fixed-bug", "fixed_bug(lr=1e-4)"},
      {"parallel BUG", "parallel-bug", "parallel_bug(lr=1e-4,tau=0.01,floor={0},cap={0})", true},
      {"two-pass BUG, 1 core step", "two-pass-1", "bug(lr=1e-4,tau=0.01,floor={0},cap={0},s=1)",
       true},
      {"two-pass BUG, 5 core steps", "two-pass-5", "bug(lr=1e-4,tau=0.01,floor={0},cap={0},s=5)",
       true}};
  return all;
}

Experiment experiment(const Options& options) {
  base::require(options.layers >= 1 && options.width >= 2 && options.batch >= 1 &&
                    options.repeats >= 1 && !options.ranks.empty(),
                "timings need layers, a width of at least 2, a batch, repeats and ranks");
  for (const auto rank : options.ranks) {
    base::require(rank >= 1 && rank <= options.width, "a rank lies from 1 to the width {}, not {}",
                  options.width, rank);
  }
  // Weights, gradients and two moments of the dense network, and half as much of the other.
  const double numbers = static_cast<double>(options.layers) * static_cast<double>(options.width) *
                         static_cast<double>(options.width);
  base::require_memory(6 * numbers * sizeof(float), "timing a network of this width");
  Experiment made{.name = "timings",
                  .settings = {{"layers", options.layers},
                               {"width", options.width},
                               {"batch", options.batch},
                               {"ranks", options.ranks},
                               {"largest augmented", options.largest_augmented},
                               {"repeats", options.repeats},
                               {"seed", options.seed}}};
  for (const auto rank : options.ranks) made.cells.push_back(fmt::format("r{}", rank));
  made.make = [options](const Experiment::Work& work) {
    return measured(options, std::stoll(work.cell.substr(1)), work);
  };
  return made;
}

double break_even(const std::vector<double>& ranks, const std::vector<double>& ratios) {
  base::require(ranks.size() == ratios.size(), "every rank has a ratio");
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    if (ratios[k] >= 1) continue;
    if (k == 0) return 0;
    const double from = std::log(ratios[k - 1]), to = std::log(ratios[k]);
    const double way = from / (from - to);
    return std::exp(std::log(ranks[k - 1]) + way * (std::log(ranks[k]) - std::log(ranks[k - 1])));
  }
  return ranks.empty() ? 0 : ranks.back();
}

}  // namespace ranklens::study::timings
