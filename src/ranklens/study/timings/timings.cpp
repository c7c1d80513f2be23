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
#include "ranklens/base/peak_memory.h"
#include "ranklens/base/random.h"
#include "ranklens/base/scope_clock.h"
#include "ranklens/base/scopes.h"
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

template <class Work>
double timed(const Work& work) {
  const base::Stopwatch watch;
  work();
  return watch.seconds();
}

/// Seconds of a contestant and of the dense network, by turns, so that a busy machine is busy for
/// both. `first` are those of the contestant's first turn, where it has had it.
template <class Work>
json by_turns(Contestant& one, Contestant& dense, int repeats, double patience, const Work& work,
              double first = 0) {
  json seconds = json::array(), beside = json::array();
  const base::Stopwatch watch;
  for (int k = 0; k < repeats && (k == 0 || first + watch.seconds() < patience); ++k) {
    seconds.push_back(k == 0 && first > 0 ? first : timed([&] { work(one); }));
    beside.push_back(timed([&] { work(dense); }));
  }
  return {{"seconds", seconds}, {"dense", beside}};
}

/// A contestant after two steps, and what the second took.
struct Started {
  std::unique_ptr<Contestant> one;
  std::int64_t bytes = 0;
  double factorising = 0;
  double seconds = 0;
};

Started started(const Options& options, const std::string& layers, const std::string& optimiser,
                const data::Batch& batch) {
  base::PeakMemory memory;
  auto one = std::make_unique<Contestant>(options, layers, optimiser);
  one->train(batch);  // brings factors into the optimiser's form and makes its moments
  memory.forget_peak();
  const base::ScopeClock clock(base::factorisation_scope);
  const double seconds = timed([&] { one->train(batch); });
  return {std::move(one), memory.peak(), clock.seconds() / seconds, seconds};
}

/// The second step of what takes more than this share of the patience is its first repeat: what is
/// counted beside it costs nothing then.
constexpr double kLong = 0.05;

double first_repeat(const Started& one, const Options& options) {
  return one.seconds > kLong * options.patience ? one.seconds : 0;
}

int repeats_at(const Options& options, std::int64_t rank) {
  const auto& closely = options.closely;
  const bool many = std::find(closely.begin(), closely.end(), rank) != closely.end();
  return many ? 3 * options.repeats : options.repeats;
}

json measured(const Options& options, std::int64_t rank, const Experiment::Work& work) {
  const auto batch = batch_of(options);
  const auto layers = fmt::format("fc*: low_rank(r={})", rank);
  const auto dense = started(options, "", "adam(lr=1e-4)", batch);
  json training = json::object();
  json result{{"rank", rank}, {"threads", at::get_num_threads()}, {"dense bytes", dense.bytes}};
  double done = 0;
  for (const auto& method : methods()) {
    if (base::interrupted()) return nullptr;
    base::report(work.progress, {.stage = "time " + work.cell,
                                 .done = done++,
                                 .total = static_cast<double>(methods().size()),
                                 .unit = "methods",
                                 .note = method.name});
    const auto one = started(options, method.dense ? "" : layers,
                             fmt::format(fmt::runtime(method.spec), rank), batch);
    auto& entry = training[method.id];
    entry = by_turns(
        *one.one, *dense.one, repeats_at(options, rank), options.patience,
        [&](Contestant& each) { each.train(batch); }, first_repeat(one, options));
    entry["bytes"] = one.bytes, entry["factorising"] = one.factorising;
    if (result.contains("predict")) continue;
    const auto predict = [&](Contestant& each) { each.predict(batch); };
    predict(*one.one), predict(*dense.one);
    result["predict"] =
        by_turns(*one.one, *dense.one, 3 * options.repeats, options.patience, predict);
  }
  result["train"] = training;
  return result;
}

}  // namespace

const std::vector<Method>& methods() {
  const auto adaptive = [](const char* method, const char* more = "") {
    // Without momentum bases grow by no more columns than the batch has.
    return fmt::format("{}(lr=1e-4,tau=0.01,rule=sgd,floor={{0}},cap={{0}}{})", method, more);
  };
  static const std::vector<Method> all{
      {"U V^T, Adam", "uv", "adam(lr=1e-4)"},
      {"dense, plain descent", "dense-descent", "sgd(lr=1e-4)", true},
      {"BUG, fixed rank", "fixed-bug", "fixed_bug(lr=1e-4)"},
      {"BUG, fixed rank, plain descent", "fixed-bug-descent", "fixed_bug(lr=1e-4,rule=sgd)"},
      {"projector splitting", "psi", "psi(lr=1e-4)"},
      {"augmented, corrected splitting", "abc-psi", adaptive("abc_psi")},
      {"parallel BUG", "parallel-bug", adaptive("parallel_bug")},
      {"augmented BUG, as first published", "augmented-bug", adaptive("augmented_bug")},
      {"two-pass BUG, 1 core step", "two-pass-1", adaptive("bug", ",s=1")},
      {"two-pass BUG, 2 core steps", "two-pass-2", adaptive("bug", ",s=2")},
      {"two-pass BUG, 5 core steps", "two-pass-5", adaptive("bug", ",s=5")}};
  return all;
}

bool is_reduced(const Options& options) {
  const Options full;
  return options.layers < full.layers || options.width < full.width || options.batch < full.batch ||
         options.ranks.size() < full.ranks.size() || options.repeats < full.repeats;
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
                               {"repeats", options.repeats},
                               {"patience", options.patience},
                               {"seed", options.seed}}};
  for (const auto rank : options.ranks) made.cells.push_back(fmt::format("r{}", rank));
  made.make = [options](const Experiment::Work& work) {
    return measured(options, std::stoll(work.cell.substr(1)), work);
  };
  return made;
}

double median(std::vector<double> values) {
  base::require(!values.empty(), "nothing has no median");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2;
}

BreakEven break_even(const std::vector<double>& ranks, const std::vector<double>& ratios) {
  base::require(ranks.size() == ratios.size(), "every rank has a ratio");
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    if (ratios[k] >= 1) continue;
    if (k == 0) return {};
    const double from = std::log(ratios[k - 1]), to = std::log(ratios[k]);
    const double way = from / (from - to);
    return {std::exp(std::log(ranks[k - 1]) + way * (std::log(ranks[k]) - std::log(ranks[k - 1])))};
  }
  if (ranks.empty()) return {};
  return {.rank = ranks.back(), .beyond = true};
}

}  // namespace ranklens::study::timings
