#include "ranklens/study/born_machine/experiment.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/random.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/born/tsgo.h"
#include "ranklens/study/born_machine/likelihood.h"
#include "ranklens/tn/born/born.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::study::born_machine {
namespace {

using nlohmann::json;

struct Pictures {
  at::Tensor training, held_out;  ///< [samples, sites, 2]: (cos, sin) of the grey value times pi/2
  at::Tensor bits;                ///< of some held-out ones [shown, sites], int64
};

at::Tensor features_of(const at::Tensor& grey) {
  const auto angle = grey * (M_PI / 2);
  return at::stack({angle.cos(), angle.sin()}, -1);
}

Pictures pictures_of(const Options& o, std::uint64_t seed) {
  base::Stream stream(seed, "data", "born");
  const auto count = std::min(o.samples, o.images.size() * 5 / 6);
  const auto rest = std::min(count / 6 + 1, o.images.size() - count);
  const auto order = stream.permutation(o.images.size());
  const double scale = o.images.images.scalar_type() == at::kByte ? 255 : 1;
  const auto grey = [&](std::int64_t from, std::int64_t length) {
    const auto chosen = o.images.images.index_select(0, order.narrow(0, from, length));
    return (chosen.to(at::kFloat) / scale).flatten(1);
  };
  const auto held = grey(count, rest);
  return {features_of(grey(0, count)), features_of(held),
          (held.narrow(0, 0, std::min(o.shown, rest)) > 0.5).to(at::kLong)};
}

/// Cores near the identity, whose amplitude hardly depends on the image.
tn::TensorTrain start_of(std::int64_t sites, std::int64_t bond, std::uint64_t seed) {
  base::Stream stream(seed, "init", "born");
  tn::TensorTrain train;
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto left = k == 0 ? 1 : bond, right = k + 1 == sites ? 1 : bond;
    const auto noise = stream.normal({left, 2, right}, 0, 0.02);
    train.cores.push_back(noise + at::eye(left, right, at::kFloat).unsqueeze(1));
  }
  return train;
}

/// The course of one training.
struct Course {
  json nll = json::array(), seconds = json::array();
  tn::TensorTrain state;
  bool interrupted = false;
};

void turn_cores(const Options& o, const at::Tensor& features, double degrees, std::int64_t sweeps,
                const base::Progress& progress, const std::string& stage, Course& course) {
  optim::Tsgo trainer(course.state, features, {.angle = degrees * M_PI / 180});
  for (std::int64_t sweep = 0; sweep < sweeps; ++sweep) {
    base::report(progress, {.stage = stage,
                            .done = static_cast<double>(course.nll.size()),
                            .total = static_cast<double>(o.sweeps),
                            .unit = "sweeps"});
    const base::Stopwatch watch;
    course.nll.push_back(trainer.sweep());
    course.seconds.push_back(watch.seconds());
    course.interrupted = base::interrupted();
    if (course.interrupted) return;
  }
  course.state = trainer.state();
}

void train_by_adam(const Options& o, const at::Tensor& features, double lr, std::uint64_t seed,
                   std::int64_t epochs, const base::Progress& progress, const std::string& stage,
                   Course& course) {
  optim::Adam adam({.lr = lr});
  std::vector<at::Tensor> cores;
  for (const auto& core : course.state.cores) cores.push_back(core.clone());
  const auto count = features.size(0), batch = std::min(o.batch, count);
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    base::report(progress, {.stage = stage,
                            .done = static_cast<double>(course.nll.size()),
                            .total = static_cast<double>(o.sweeps),
                            .unit = "epochs"});
    const base::Stopwatch watch;
    base::Stream order(seed, "order", "born", static_cast<std::uint64_t>(epoch));
    const auto mixed = order.permutation(count);
    for (std::int64_t from = 0; from + batch <= count; from += batch) {
      std::vector<at::Tensor> leaves;
      for (const auto& core : cores) leaves.push_back(core.detach().requires_grad_(true));
      const auto loss =
          likelihood_loss(leaves, features.index_select(0, mixed.narrow(0, from, batch)));
      const auto gradients = torch::autograd::grad({loss}, leaves);
      const at::NoGradGuard no_gradients;
      std::vector<nn::NamedTensor> tensors;
      for (std::size_t k = 0; k < cores.size(); ++k) {
        tensors.push_back({fmt::format("core.{}", k), cores[k]});
      }
      adam.update(tensors, gradients);
      course.interrupted = base::interrupted();
      if (course.interrupted) return;
    }
    const at::NoGradGuard no_gradients;
    course.state = {.cores = cores};
    course.nll.push_back(tn::negative_log_likelihood(course.state, features));
    course.seconds.push_back(watch.seconds());
  }
  course.state = tn::canonical(tn::TensorTrain{.cores = cores}, 0);
  course.state.log_scale = 0;
}

json hex_rows(const at::Tensor& bits) {
  json rows = json::array();
  for (std::int64_t k = 0; k < bits.size(0); ++k) rows.push_back(to_hex(bits[k]));
  return rows;
}

json made(const Options& o, const Method& method, std::uint64_t seed,
          const Experiment::Work& work) {
  const auto pictures = pictures_of(o, seed);
  const auto sites = pictures.training.size(1);
  Course course{.state = start_of(sites, o.bond, seed)};
  const bool both = method.degrees > 0 && method.lr > 0;
  const auto first = both ? o.sweeps / 2 : o.sweeps;
  if (method.lr > 0) {
    train_by_adam(o, pictures.training, method.lr, seed, first, work.progress, work.cell, course);
  }
  if (!course.interrupted && method.degrees > 0) {
    turn_cores(o, pictures.training, method.degrees, both ? o.sweeps - first : first, work.progress,
               work.cell, course);
  }
  if (course.interrupted) return nullptr;
  const at::NoGradGuard no_gradients;
  base::Stream stream(seed, "study", "samples");
  auto given = pictures.bits.clone();
  given.narrow(1, sites / 2, sites - sites / 2).fill_(-1);  // the lower half is to be found
  json result{{"nll", course.nll},
              {"seconds", course.seconds},
              {"held out", tn::negative_log_likelihood(course.state, pictures.held_out)},
              {"side", o.images.height()},
              {"samples", hex_rows(tn::sample(course.state, o.shown, stream))},
              {"given", hex_rows(pictures.bits)}};
  result["completed"] = hex_rows(tn::complete(course.state, given, stream));
  return result;
}

}  // namespace

const std::vector<Method>& methods() {
  static const std::vector<Method> all{
      {"tsgo-5", "turning by 5 degrees", 5, 0},
      {"tsgo-10", "turning by 10 degrees", 10, 0},
      {"adam-1e-4", "Adam, 1e-4", 0, 1e-4},
      {"adam-3e-4", "Adam, 3e-4", 0, 3e-4},
      {"adam-1e-3", "Adam, 1e-3", 0, 1e-3},
      {"switched", "Adam, 3e-4, then turning by 10 degrees", 10, 3e-4}};
  return all;
}

Experiment experiment(const Options& options) {
  base::require(options.images.size() >= 12 && options.images.channels() == 1 &&
                    options.bond >= 1 && options.sweeps >= 2 && options.batch >= 1 &&
                    options.shown >= 1 && !options.seeds.empty(),
                "a Born machine needs at least twelve grey images, a bond, two sweeps and seeds");
  Experiment experiment{.name = "born-machine",
                        .settings = {{"images", options.images.hash},
                                     {"samples", options.samples},
                                     {"bond", options.bond},
                                     {"sweeps", options.sweeps},
                                     {"batch", options.batch},
                                     {"shown", options.shown},
                                     {"seeds", options.seeds}}};
  std::map<std::string, std::pair<Method, std::uint64_t>> cells;
  for (const auto seed : options.seeds) {
    for (const auto& method : methods()) {
      experiment.cells.push_back(fmt::format("{}-s{}", method.id, seed));
      cells[experiment.cells.back()] = {method, seed};
    }
  }
  experiment.make = [options, cells](const Experiment::Work& work) {
    const auto& [method, seed] = cells.at(work.cell);
    return made(options, method, seed, work);
  };
  return experiment;
}

std::string to_hex(const at::Tensor& bits) {
  const auto values = bits.to(at::kLong).contiguous();
  const auto* one = values.const_data_ptr<std::int64_t>();
  std::string text;
  for (std::int64_t k = 0; k < values.numel(); k += 4) {
    int digit = 0;
    for (std::int64_t j = k; j < k + 4; ++j) {
      digit = 2 * digit + (j < values.numel() && one[j] > 0 ? 1 : 0);
    }
    text += fmt::format("{:x}", digit);
  }
  return text;
}

at::Tensor from_hex(const std::string& text, std::int64_t bits) {
  base::require(static_cast<std::int64_t>(text.size()) == (bits + 3) / 4 &&
                    text.find_first_not_of("0123456789abcdef") == std::string::npos,
                "'{}' is no list of {} bits in hexadecimal digits", text, bits);
  auto values = at::zeros({bits}, at::kLong);
  auto* one = values.mutable_data_ptr<std::int64_t>();
  for (std::int64_t k = 0; k < bits; ++k) {
    const char digit = text[static_cast<std::size_t>(k / 4)];
    const int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
    one[k] = (value >> (3 - k % 4)) & 1;
  }
  return values;
}

}  // namespace ranklens::study::born_machine
