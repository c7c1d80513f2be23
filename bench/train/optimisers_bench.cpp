// Steps of the optimisers on manifolds beside Adam's on the same work, by turns: five layers of
// width 5120 at rank 32 (batch 256), the layers of the hackathon's tensor-train head without the
// convolutions before them (batch 512), and a matrix product state (batch 100). Times are of one
// step; `over_*` are the medians of the ratios to the step of the reference just after it, `MB` the
// most that tensors hold in a step; shares of the time are `factorising` (QR factorisations,
// orthonormal bases and singular values), `loss` (the forward and the backward pass) and `momentum`
// (a step's direction, and momentum's way to where it ends).
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/peak_memory.h"
#include "ranklens/base/random.h"
#include "ranklens/base/scope_clock.h"
#include "ranklens/base/scopes.h"
#include "ranklens/base/threads.h"
#include "ranklens/nn/builder.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"

namespace {

using namespace ranklens;

struct Work {
  std::string name;
  nn::Network (*network)(const std::string& layers);
  std::int64_t batch, inputs;
  double brightest = 1;  ///< inputs are drawn between 0 and this
};

constexpr std::int64_t kWide = 5120, kFeatures = 2048, kSites = 196;

nn::Network wide(const std::string& layers) {
  nn::GraphBuilder g(layers);
  auto x = g.flatten("flatten", g.input("image", {1, 1, kWide}));
  for (int k = 1; k <= 5; ++k) {
    x = g.linear(fmt::format("fc{}", k), x, {.out = kWide});
    x = g.relu(fmt::format("relu{}", k), x);
  }
  g.linear("classifier", x, {.out = 10});
  return g.build(1);
}

/// 2048 to 13,824 to 512 (Debouchage 2022).
nn::Network paper_head(const std::string& layers) {
  nn::GraphBuilder g(layers);
  auto x = g.flatten("flatten", g.input("image", {1, 1, kFeatures}));
  x = g.relu("relu", g.linear("head", x,
                              {.out = 24 * 24 * 24, .weight = "tt(out=24x24x24,in=16x16x8,r=16)"}));
  x = g.relu("relu2",
             g.linear("head2", x, {.out = 8 * 8 * 8, .weight = "tt(out=8x8x8,in=24x24x24,r=16)"}));
  g.linear("classifier", x, {.out = 10});
  return g.build(1);
}

/// A train in place of the dense head, 2048 to 128.
nn::Network matched_head(const std::string& layers) {
  nn::GraphBuilder g(layers);
  auto x = g.flatten("flatten", g.input("image", {1, 1, kFeatures}));
  x = g.relu("relu", g.linear("head", x, {.out = 128, .weight = "tt(out=8x4x4,in=16x16x8,r=16)"}));
  g.linear("classifier", x, {.out = 10});
  return g.build(1);
}

/// 196 sites of bond 32.
nn::Network product_state(const std::string& layers) {
  nn::GraphBuilder g(layers);
  const auto x = g.flatten("flatten", g.input("image", {1, 1, kSites}));
  g.mps_classifier("mps", x, {.classes = 10, .bond = 32});
  return g.build(1);
}

const Work kWideWork{"width5120", wide, 256, kWide};
const Work kPaperHead{"tt_head", paper_head, 512, kFeatures};
const Work kMatchedHead{"tt_matched_head", matched_head, 512, kFeatures};
// Two numbers a site that add up to about one, or the answers are products of 196 that do not.
const Work kState{"product_state", product_state, 100, kSites, 0.01};

/// A network and what trains it, on one batch.
class Trainee {
 public:
  Trainee(const Work& work, const std::string& layers, const std::string& optimiser)
      : network_(work.network(layers)), optimiser_(optim::make_optimiser(optimiser)) {
    base::Stream noise(0, "noise");
    batch_.images = noise.uniform({work.batch, 1, 1, work.inputs}, 0, work.brightest);
    batch_.labels = noise.integers({work.batch}, 10);
  }

  /// Seconds of a step.
  double step() {
    const base::Stopwatch watch;
    train::BatchObjective objective(network_.graph, batch_, base::Stream(1, "dropout"), {});
    const double loss = optimiser_->step(network_.state, objective);
    const double seconds = watch.seconds();
    // A step whose loss is no number ends early.
    base::require(std::isfinite(loss), "the loss of a step is {}", loss);
    return seconds;
  }

 private:
  nn::Network network_;
  std::unique_ptr<optim::Optimiser> optimiser_;
  data::Batch batch_;
};

struct Training {
  std::string layers, optimiser;
};

/// After two steps, the first of which brings factors into the optimiser's form.
std::unique_ptr<Trainee> started(const Work& work, const Training& training, double* megabytes) {
  base::PeakMemory memory;
  auto one = std::make_unique<Trainee>(work, training.layers, training.optimiser);
  one->step();
  memory.forget_peak();
  one->step();
  if (megabytes != nullptr) *megabytes = static_cast<double>(memory.peak()) / 1e6;
  return one;
}

/// What others are compared with: made once, since the dense network is large.
Trainee& reference(const Work& work, const Training& training) {
  static std::map<std::string, std::unique_ptr<Trainee>> made;
  auto& one = made[work.name + training.layers + training.optimiser];
  if (!one) one = started(work, training, nullptr);
  return *one;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Counter names and what they stand for.
using References = std::vector<std::pair<std::string, Training>>;

/// The share of a few steps that parts of the work with a mark take.
double share_of(Trainee& one, const char* scope) {
  constexpr int kSteps = 3;
  const base::ScopeClock clock(scope);
  double all = 0;
  for (int k = 0; k < kSteps; ++k) all += one.step();
  return clock.seconds() / all;
}

void optimiser_step(benchmark::State& run, const Work& work, const Training& training,
                    const References& references) {
  base::keep_freed_memory();
  double megabytes = 0, factorising = 0, all = 0;
  const auto one = started(work, training, &megabytes);
  std::map<std::string, std::vector<double>> ratios;
  for (auto _ : run) {
    double seconds = 0;
    {
      const base::ScopeClock clock(base::factorisation_scope);
      seconds = one->step();
      factorising += clock.seconds();
    }
    all += seconds;
    run.SetIterationTime(seconds);
    for (const auto& [name, other] : references) {
      ratios[name].push_back(seconds / reference(work, other).step());
    }
  }
  for (const auto& [name, values] : ratios) run.counters[name] = median(values);
  run.counters["MB"] = megabytes;
  run.counters["loss"] = share_of(*one, base::loss_scope);
  run.counters["momentum"] = share_of(*one, base::momentum_scope);
  run.counters["factorising"] = factorising / all;
}

void add(const Work& work, const std::string& name, const Training& training,
         const References& references, int repeats) {
  benchmark::RegisterBenchmark(
      fmt::format("optimiser_step/{}/{}", work.name, name).c_str(),
      [=](benchmark::State& run) { optimiser_step(run, work, training, references); })
      ->Iterations(repeats)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

void add_wide() {
  const std::string low = "fc*: low_rank(r=32)", adam = "adam(lr=1e-4)",
                    held = "lr=1e-4,tau=0.01,floor=32,cap=32";
  const References references{{"over_dense", {"", adam}}, {"over_uv", {low, adam}}};
  const auto one = [&](const std::string& name, const std::string& layers,
                       const std::string& optimiser) {
    add(kWideWork, name, {layers, optimiser}, references, 5);
  };
  one("dense_adam", "", adam);
  one("uv_adam", low, adam);
  one("fixed_bug", low, "fixed_bug(lr=1e-4)");
  one("parallel_bug", low, fmt::format("parallel_bug({})", held));
  for (const int steps : {1, 2, 5}) {
    one(fmt::format("bug_s{}", steps), low, fmt::format("bug({},s={})", held, steps));
  }
  // By plain descent on both sides.
  const References plain{{"over_uv", {low, "sgd(lr=1e-4)"}}};
  for (const char* spec :
       {"parallel_bug({},rule=sgd)", "bug({},s=1,rule=sgd)", "bug({},s=5,rule=sgd)"}) {
    const auto optimiser = fmt::format(fmt::runtime(spec), held);
    const auto name = optimiser.substr(0, optimiser.find('('));
    const auto steps = optimiser.find("s=5") == std::string::npos ? "" : "_s5";
    add(kWideWork, "plain_" + name + steps, {low, optimiser}, plain, 5);
  }
}

/// `rate` is that of all of them.
void add_trains(const Work& work, double rate, std::int64_t rank) {
  const auto adam = fmt::format("adam(lr={})", rate);
  const References references{{"over_adam", {"", adam}}};
  const auto one = [&](const char* name, const std::string& optimiser) {
    add(work, name, {"", optimiser}, references, 12);
  };
  one("adam", adam);
  for (const char* name : {"riemannian_adam", "riemannian_sgd", "recanonical_adam"})
    one(name, fmt::format("{}(lr={})", name, rate));
  one("dmrg", fmt::format("dmrg(bond={})", rank));
}

/// Near the rank up to which a step is faster than one of the dense network.
void add_wide_at_break_even(int rank) {
  const auto low = fmt::format("fc*: low_rank(r={})", rank),
             held = fmt::format("lr=1e-4,tau=0.01,floor={0},cap={0},rule=sgd", rank);
  const References references{{"over_dense", {"", "adam(lr=1e-4)"}}};
  const auto one = [&](const char* name, const std::string& optimiser) {
    add({fmt::format("width5120_rank{}", rank), wide, 256, kWide}, name, {low, optimiser},
        references, 5);
  };
  one("fixed_bug", "fixed_bug(lr=1e-4)");
  one("fixed_bug_sgd", "fixed_bug(lr=1e-4,rule=sgd)");
  one("psi", "psi(lr=1e-4)");
  one("parallel_bug", fmt::format("parallel_bug({})", held));
  one("bug_s1", fmt::format("bug({},s=1)", held));
}

const bool kAdded = [] {
  add_wide();
  add_wide_at_break_even(320);
  add_wide_at_break_even(400);
  add_trains(kPaperHead, 1e-3, 16);
  add_trains(kMatchedHead, 1e-3, 16);
  add_trains(kState, 1e-9, 32);  // hardly moves: larger plain gradient steps diverge here
  return true;
}();

}  // namespace
