// Whether the planner of TT layers takes the right order: what it takes is timed beside everything
// that it chose among, in turns, and held against the fastest.
//
//     schedule_choice [--only TEXT] [--rounds 9] [--all]
//
// Processor time, median of the rounds; a table in Markdown. Left out are orders of which the model
// expects more than twice what it expects of its choice, and those that the first calls show to be
// slower than the fastest by a half. Where a round takes long there are fewer, at least three.
// --all prints each order that was timed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/threads.h"
#include "ranklens/tn/linear/kept_states.h"
#include "ranklens/tn/linear/rates.h"
#include "ranklens/tn/linear/tt_linear.h"

namespace {

using ranklens::tn::Schedule;
using ranklens::tn::TrainModes;

constexpr double kCall = 0.01;  // seconds of processor time a measurement takes, at least

struct Layer {
  std::string name;
  TrainModes modes;
  std::int64_t batch;
};

std::int64_t outs(const TrainModes& modes) { return modes.outs(0, modes.cores()); }
std::int64_t ins(const TrainModes& modes) { return modes.ins(0, modes.cores()); }

Layer layer_of(TrainModes modes, std::int64_t batch) {
  auto name =
      fmt::format("{} to {}, {} to {}, rank {}, batch {}", ins(modes), outs(modes),
                  fmt::join(modes.in, "x"), fmt::join(modes.out, "x"), modes.ranks[1], batch);
  return {std::move(name), std::move(modes), batch};
}

TrainModes with_rank(std::vector<std::int64_t> out, std::vector<std::int64_t> in,
                     std::int64_t rank) {
  std::vector<std::int64_t> ranks(in.size() + 1, rank);
  ranks.front() = ranks.back() = 1;
  return {std::move(out), std::move(in), std::move(ranks)};
}

/// Of two to five cores with modes of 2 to 32, the same on every machine.
std::vector<Layer> random_layers(std::size_t count) {
  std::mt19937_64 engine(20150922);
  const auto one_of = [&](const std::vector<std::int64_t>& values) {
    return values[engine() % values.size()];
  };
  std::vector<Layer> layers;
  while (layers.size() < count) {
    const auto cores = static_cast<std::size_t>(one_of({2, 3, 3, 4, 4, 5}));
    std::vector<std::int64_t> out, in;
    for (std::size_t k = 0; k < cores; ++k) {
      out.push_back(one_of({2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32}));
      in.push_back(one_of({2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32}));
    }
    const auto modes = with_rank(out, in, one_of({2, 4, 6, 8, 10, 16, 24, 32}));
    const auto batch = one_of({16, 32, 64, 100, 128, 256, 512});
    const auto small = std::min(ins(modes), outs(modes)), large = std::max(ins(modes), outs(modes));
    if (small >= 100 && large <= 8192) layers.push_back(layer_of(modes, batch));
  }
  return layers;
}

std::vector<Layer> all_layers() {
  std::vector<Layer> layers{
      layer_of(with_rank({4, 8, 8, 4}, {4, 8, 8, 4}, 16), 128),
      layer_of(with_rank({8, 8, 8, 8}, {8, 8, 8, 8}, 16), 64),
      layer_of(with_rank({5, 5, 5, 5}, {4, 7, 7, 4}, 8), 128),
      layer_of(with_rank({4, 8, 8, 4}, {4, 8, 8, 4}, 4), 128),
      layer_of(with_rank({8, 8, 8, 8}, {8, 8, 8, 8}, 8), 256),
      layer_of(with_rank({8, 4, 4}, {16, 16, 8}, 16), 128),
      layer_of(with_rank({32, 32}, {32, 32}, 32), 256),
      layer_of(with_rank({2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, {2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, 4), 128),
  };
  for (auto& one : random_layers(24)) layers.push_back(std::move(one));
  layers.push_back(layer_of(with_rank({8, 8, 8}, {24, 24, 24}, 16), 128));
  layers.push_back(layer_of(with_rank({24, 24, 24}, {16, 16, 8}, 16), 512));
  return layers;
}

std::string words(const Schedule& schedule) {
  auto text = describe(schedule);
  const auto kept = std::count(schedule.stored.begin(), schedule.stored.end(), true);
  return kept > 0 ? text + fmt::format("; {} kept", kept) : text;
}

/// One order of one layer, and the seconds of its calls.
struct Entry {
  Schedule schedule;
  std::vector<double> seconds{};

  double median() const {
    auto sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

class Timing {
 public:
  Timing(const Layer& layer, bool training) : training_(training) {
    for (std::size_t k = 0; k < layer.modes.cores(); ++k)
      cores_.push_back(at::randn({layer.modes.ranks[k], layer.modes.out[k], layer.modes.in[k],
                                  layer.modes.ranks[k + 1]})
                           .requires_grad_(training));
    x_ = at::randn({layer.batch, ins(layer.modes)}).requires_grad_(training);
    dy_ = at::randn({layer.batch, outs(layer.modes)});
    watched_ = cores_;
    watched_.push_back(x_);
  }

  const std::vector<at::Tensor>& cores() const { return cores_; }

  /// Seconds a call, of as many as take `at_least` together.
  double operator()(const Schedule& schedule, double at_least) const {
    const at::AutoGradMode mode(training_);
    const auto begin = std::clock();
    for (int calls = 1;; ++calls) {
      const auto y = ranklens::tn::tt_linear(cores_, x_, {}, {.schedule = schedule});
      if (training_) torch::autograd::grad({y}, watched_, {dy_});
      const double gone = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
      if (gone >= at_least) return gone / calls;
    }
  }

 private:
  bool training_;
  std::vector<at::Tensor> cores_, watched_;
  at::Tensor x_, dy_;
};

/// What the planner chose among, its choice first.
std::vector<Entry> entries_of(const Layer& layer, const Timing& timing, bool training) {
  const auto chosen = ranklens::tn::tt_linear_schedule(timing.cores(), layer.batch, training);
  std::vector<Entry> entries{Entry{.schedule = chosen}};
  for (const double store : {ranklens::tn::state_allowance(), 0.0}) {
    if (!training && store > 0) continue;
    for (auto& one :
         possible_schedules(layer.modes, {.batch = layer.batch,
                                          .training = training,
                                          .store = store,
                                          .rates = ranklens::tn::typical_rates(at::kFloat)})) {
      const bool there = std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
        return words(entry.schedule) == words(one);
      });
      if (!there && one.seconds <= 2 * chosen.seconds)
        entries.push_back({.schedule = std::move(one)});
    }
  }
  return entries;
}

/// Returns the seconds of a round with those that are left.
double drop_the_slow(std::vector<Entry>& entries, const Timing& timing) {
  constexpr double short_call = 0.02, at_least = 0.002;
  double best = 1e300, round = 0;
  std::vector<double> first;
  for (const auto& entry : entries) {
    double found = timing(entry.schedule, 0);  // sets memory up
    for (int again = 0; again < 2 && found < short_call; ++again)
      found = std::min(found, timing(entry.schedule, at_least));
    first.push_back(found);
    best = std::min(best, found);
  }
  std::vector<Entry> kept;
  for (std::size_t k = 0; k < entries.size(); ++k) {
    if (k > 0 && first[k] > 1.5 * best) continue;
    kept.push_back(std::move(entries[k]));
    round += std::max(first[k], kCall);
  }
  entries = std::move(kept);
  return round;
}

struct Options {
  std::string only{};
  int rounds = 9;
  bool all = false;
};

/// Prints a row; the choice's time over the fastest's.
double compare(const Layer& layer, bool training, const Options& options) {
  const Timing timing(layer, training);
  auto entries = entries_of(layer, timing, training);
  const auto compared = entries.size();
  const double each = drop_the_slow(entries, timing);
  constexpr double enough = 6;  // seconds of a layer and pass
  const int rounds =
      std::clamp(static_cast<int>(enough / each), std::min(3, options.rounds), options.rounds);
  for (int round = 0; round < rounds; ++round) {
    for (auto& entry : entries) entry.seconds.push_back(timing(entry.schedule, kCall));
  }
  const auto best =
      std::min_element(entries.begin(), entries.end(),
                       [](const auto& a, const auto& b) { return a.median() < b.median(); });
  const double ratio = entries.front().median() / best->median();
  fmt::print("| {} | {} | {} | {:.3f} | {:.2f} | {} |\n", layer.name,
             training ? "training" : "forward", compared, 1e3 * entries.front().median(), ratio,
             best == entries.begin() ? "" : words(best->schedule));
  if (options.all) {
    std::sort(entries.begin() + 1, entries.end(),
              [](const auto& a, const auto& b) { return a.median() < b.median(); });
    for (const auto& entry : entries)
      fmt::print("    {:9.3f} ms, expected {:9.3f} ({:.2f}): {}\n", 1e3 * entry.median(),
                 1e3 * entry.schedule.seconds, entry.schedule.seconds / entry.median(),
                 words(entry.schedule));
  }
  std::fflush(stdout);
  return ratio;
}

Options read(int count, char** texts) {
  Options options;
  for (int k = 1; k < count; ++k) {
    const std::string flag = texts[k];
    if (flag == "--all") {
      options.all = true;
    } else if (k + 1 < count && flag == "--only") {
      options.only = texts[++k];
    } else if (k + 1 < count && flag == "--rounds") {
      options.rounds = std::max(1, std::atoi(texts[++k]));
    } else {
      fmt::print(stderr, "schedule_choice [--only TEXT] [--rounds N] [--all]\n");
      std::exit(2);
    }
  }
  return options;
}

}  // namespace

int main(int count, char** texts) {
  const auto options = read(count, texts);
  ranklens::base::keep_freed_memory();
  ranklens::base::set_threads(1);
  at::manual_seed(1);
  fmt::print(
      "| layer | pass | orders compared | chosen, ms | over the fastest | the fastest |\n"
      "| --- | --- | --- | --- | --- | --- |\n");
  std::vector<double> ratios;
  for (const auto& layer : all_layers()) {
    for (const bool training : {false, true}) {
      const auto name = layer.name + (training ? " training" : " forward");
      if (name.find(options.only) != std::string::npos)
        ratios.push_back(compare(layer, training, options));
    }
  }
  const auto within =
      std::count_if(ratios.begin(), ratios.end(), [](double r) { return r <= 1.05; });
  fmt::print("{} of {} within 5 % of the fastest; the worst {:.2f} times its time\n", within,
             ratios.size(), ratios.empty() ? 0.0 : *std::max_element(ratios.begin(), ratios.end()));
}
