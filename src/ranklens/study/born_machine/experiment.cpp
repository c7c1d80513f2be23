#include "ranklens/study/born_machine/experiment.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/study/born_machine/course.h"
#include "ranklens/tn/born/born.h"

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

json hex_rows(const at::Tensor& bits) {
  json rows = json::array();
  for (std::int64_t k = 0; k < bits.size(0); ++k) rows.push_back(to_hex(bits[k]));
  return rows;
}

/// All that a training leaves, but what it draws.
json account(const Course& course) {
  return {{"nll", course.nll},
          {"seconds", course.seconds},
          {"passes", course.passes},
          {"flat", course.flat},
          {"diverged", course.diverged}};
}

json made(const Options& o, const Method& method, std::uint64_t seed,
          const Experiment::Work& work) {
  const auto pictures = pictures_of(o, seed);
  const auto sites = pictures.training.size(1);
  Course course{.state = start_of(sites, o.bond, seed)};
  const Watched watched{work.progress, work.cell};
  if (method.lr > 0) {
    const AdamBudget budget{.lr = method.lr,
                            .batch = o.batch,
                            .passes = o.passes,
                            .patience = o.patience,
                            .least = o.least};
    train_by_adam(course, pictures.training, budget, seed, watched);
  }
  if (!course.interrupted && !course.diverged && method.degrees > 0) {
    turn_cores(course, pictures.training, method.degrees, o.sweeps, watched);
  }
  if (course.interrupted) return nullptr;
  const at::NoGradGuard no_gradients;
  base::Stream stream(seed, "study", "samples");
  auto given = pictures.bits.clone();
  given.narrow(1, sites / 2, sites - sites / 2).fill_(-1);  // the lower half is to be found
  json result = account(course);
  result["held out"] = tn::negative_log_likelihood(course.state, pictures.held_out);
  result["side"] = o.images.height();
  result["samples"] = hex_rows(tn::sample(course.state, o.shown, stream));
  result["given"] = hex_rows(pictures.bits);
  result["completed"] = hex_rows(tn::complete(course.state, given, stream));
  return result;
}

}  // namespace

bool is_reduced(const Options& options) {
  const Options published;
  return options.samples < published.samples || options.bond < published.bond ||
         options.sweeps < published.sweeps || options.passes < published.passes ||
         options.images.size() * 5 / 6 < published.samples;
}

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
                    options.bond >= 1 && options.sweeps >= 2 && options.passes >= 1 &&
                    options.batch >= 1 && options.patience >= 1 && options.shown >= 1 &&
                    !options.seeds.empty(),
                "a Born machine needs at least twelve grey images, a bond, two sweeps, passes and "
                "seeds");
  Experiment experiment{.name = "born-machine",
                        .settings = {{"images", options.images.hash},
                                     {"samples", options.samples},
                                     {"bond", options.bond},
                                     {"sweeps", options.sweeps},
                                     {"passes", options.passes},
                                     {"batch", options.batch},
                                     {"patience", options.patience},
                                     {"least", options.least},
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
