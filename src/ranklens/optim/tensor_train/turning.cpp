#include "ranklens/optim/tensor_train/turning.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/optim/born/tsgo.h"
#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/layers.h"
#include "ranklens/optim/tensor_train/saved_numbers.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::optim {
namespace {

constexpr double kRightAngle = 1.5707963267948966;
constexpr std::string_view kTrainPrefix = "train:";
constexpr const char* kAngle = "tsgo/angle";

/// A train with its centre at the core whose turn it is.
struct Centred {
  TrainLayer layer;
  std::size_t core = 0;
  std::vector<at::Tensor> cores = {};
};

Centred centred(TrainLayer layer, std::int64_t turns) {
  const auto core = turned_core(turns, layer.train.cores.size());
  // The norm shared by all cores: that of a product state of hundreds of sites would leave the
  // range of numbers in one.
  auto cores = plain_cores(tn::canonical(layer.train, static_cast<std::int64_t>(core)));
  return {.layer = std::move(layer), .core = core, .cores = std::move(cores)};
}

void turn_core(Centred& train, const at::Tensor& gradient, double angle) {
  auto& core = train.cores[train.core];
  const double norm = tn::frobenius(core);
  if (!gradient.defined() || !(norm > 0)) return;
  core = norm * rotated(core / norm, gradient, angle);
}

}  // namespace

double parse_angle(std::string_view text, std::string_view key) {
  auto number = base::trim(text);
  const bool degrees = number.ends_with("deg");
  if (degrees) number.remove_suffix(3);
  const auto value = base::parse_number<double>(base::trim(number));
  const double angle = value ? (degrees ? *value * (kRightAngle / 90) : *value) : 0;
  base::require(angle > 0 && angle < kRightAngle,
                "{} is an angle between 0 and 90 degrees, such as 10deg, or 0.17 in radians, not "
                "'{}'",
                key, text);
  return angle;
}

TurningOptions read_turning_options(base::SpecReader& spec) {
  TurningOptions options;
  if (spec.has("theta")) options.theta = parse_angle(spec.text("theta", ""), "theta");
  if (spec.has("least")) {
    options.least = parse_angle(spec.text("least", ""), "least");
    base::require(options.least <= options.theta,
                  "the smallest angle, least={}, is above the first, theta={}",
                  spec.text("least", ""), spec.text("theta", "10deg"));
  }
  options.least = std::min(options.least, options.theta);
  options.shrink = spec.number("shrink", options.shrink, 1e-6, 1);
  options.others = read_adam_options(spec);
  return options;
}

std::size_t turned_core(std::int64_t turns, std::size_t cores) {
  if (cores < 2) return 0;
  const auto period = 2 * (cores - 1);
  const auto at = static_cast<std::size_t>(turns) % period;
  return at < cores ? at : period - at;
}

TurningOptimiser::TurningOptimiser(TurningOptions options)
    : options_(options), others_(options.others), angle_(options.theta) {
  base::require(options.theta > 0 && options.theta < kRightAngle && options.least >= 0 &&
                    options.least <= options.theta && options.shrink > 0 && options.shrink <= 1,
                "a core is turned by an angle between 0 and 90 degrees, which shrinks by a factor "
                "in (0, 1]");
}

std::string TurningOptimiser::spec() const {
  const auto others = others_.spec();
  return fmt::format("tsgo(theta={},shrink={},least={},{}", options_.theta, options_.shrink,
                     options_.least, others.substr(others.find('(') + 1));
}

double TurningOptimiser::step(nn::State& state, Objective& objective, double rate) {
  auto layers = train_layers(state);
  require_trains(layers, spec());
  std::vector<Centred> work;
  nn::State probed = state;
  for (auto& layer : layers) {
    const auto turns = turns_.find(layer.name);
    work.push_back(centred(std::move(layer), turns == turns_.end() ? 0 : turns->second));
    set_cores(probed, work.back().layer, work.back().cores);
  }
  const Gradients found = objective.loss_and_gradients(probed, {"factors"});
  const double loss = checked_loss(found);
  if (!std::isfinite(loss)) return loss;
  const at::NoGradGuard no_gradients;
  auto gradients = named_gradients(found);
  nn::State turned = state;
  for (auto& one : work) {
    turn_core(one, take_cores(one.layer, gradients)[one.core], angle_ * rate);
    set_cores(turned, one.layer, one.cores);
  }
  if (options_.shrink < 1) {
    const double after = objective.loss(turned);
    if (!std::isfinite(after)) return after;
    if (after > loss) angle_ = std::max(options_.least, angle_ * options_.shrink);
  }
  for (auto& one : work) {
    ++turns_[one.layer.name];
    observed_.keep(one.layer.name, std::move(one.cores), static_cast<std::int64_t>(one.core));
  }
  state = std::move(turned);
  const auto others = other_tensors(state, gradients);
  others_.update(others.tensors, others.gradients, rate);
  return loss;
}

std::map<std::string, at::Tensor> TurningOptimiser::save() const {
  auto saved = others_.save();
  saved[kAngle] = at::scalar_tensor(angle_, at::kDouble);
  for (const auto& [name, turns] : turns_) {
    saved[fmt::format("{}{}/turns", kTrainPrefix, name)] = at::scalar_tensor(turns, at::kLong);
  }
  return saved;
}

std::map<std::string, double> TurningOptimiser::observed() const {
  auto all = observed_.numbers();
  all["angle"] = angle_;
  return all;
}

void TurningOptimiser::load(const std::map<std::string, at::Tensor>& saved) {
  turns_.clear();
  auto others = take_prefixed(
      saved, kTrainPrefix,
      [&](const auto& name, const auto& quantity, const auto& tensor, const auto& full) {
        base::require(quantity == "turns", "this optimiser does not remember '{}'", full);
        turns_[name] = saved_count(tensor, full);
      });
  if (const auto angle = others.find(kAngle); angle != others.end()) {
    angle_ = saved_number(angle->second, angle->first);
    base::require(angle_ > 0 && angle_ <= options_.theta,
                  "'{}' is not above zero and no larger than the first angle, theta={}", kAngle,
                  options_.theta);
    others.erase(angle);
  }
  others_.load(others);
}

}  // namespace ranklens::optim
