#include "ranklens/nn/operators/mps_classifier.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/operators/read_options.h"
#include "ranklens/nn/weights/tangent_core.h"
#include "ranklens/tn/linear/mps_classifier.h"

namespace ranklens::nn {
namespace {

/// By the numbers of the enumeration.
constexpr std::array<const char*, 3> kMaps{"cosine", "linear", "given"};

MPSClassifierOptions::Map map_of(const std::string& name) {
  const auto found = std::find(kMaps.begin(), kMaps.end(), name);
  base::require(found != kMaps.end(), "no feature map is called '{}'{}", name,
                base::nearest_hint(name, {kMaps.begin(), kMaps.end()}));
  return static_cast<MPSClassifierOptions::Map>(found - kMaps.begin());
}

std::string core_role(std::int64_t k) { return fmt::format("core.{}", k); }

}  // namespace

MPSClassifier::MPSClassifier(const Sizes& sizes, const MPSClassifierOptions& options)
    : sizes_(sizes), settings_(options) {
  // Far above what is of use, and low enough that nothing that is counted overflows.
  constexpr std::int64_t most = 1 << 16, most_bond = 1 << 13;
  const auto within = [](std::int64_t value, std::int64_t limit, const char* what) {
    base::require(value >= 1 && value <= limit, "an mps_classifier has {} from 1 to {}, not {}",
                  what, limit, value);
  };
  within(sizes.sites, most, "sites");
  within(sizes.features, most, "numbers a site");
  within(settings_.classes, most, "classes");
  within(settings_.bond, most_bond, "a bond");
  base::require(sizes.features == 2 || settings_.map == Map::given,
                "the feature map '{}' gives 2 numbers a site, not {}",
                kMaps[static_cast<std::size_t>(settings_.map)], sizes.features);
  if (settings_.label < 0) settings_.label = sizes.sites / 2;
  base::require(settings_.label <= sizes.sites,
                "the label stands after at most all {} sites, not after {}", sizes.sites,
                settings_.label);
}

OperatorPtr MPSClassifier::read(const nlohmann::json& options) {
  Sizes sizes;
  MPSClassifierOptions settings;
  std::string map = kMaps[0];
  OptionReader("mps_classifier", options)
      .read("sites", sizes.sites)
      .read("features", sizes.features)
      .read("classes", settings.classes)
      .read("bond", settings.bond)
      .read("label", settings.label)
      .read("map", map)
      .read("scaled", settings.scaled)
      .finish();
  settings.map = map_of(map);
  return std::make_shared<MPSClassifier>(sizes, settings);
}

nlohmann::json MPSClassifier::options() const {
  return {{"sites", sizes_.sites},        {"features", sizes_.features},
          {"classes", settings_.classes}, {"bond", settings_.bond},
          {"label", settings_.label},     {"map", kMaps[static_cast<std::size_t>(settings_.map)]},
          {"scaled", settings_.scaled}};
}

std::int64_t MPSClassifier::middle(std::int64_t core) const {
  return core == settings_.label ? settings_.classes : sizes_.features;
}

Shape MPSClassifier::ranks() const {
  const auto cores = sizes_.sites + 1;
  Shape ranks(static_cast<std::size_t>(cores) + 1, settings_.bond);
  ranks.front() = ranks.back() = 1;
  const auto limit = [&](std::int64_t bond, std::int64_t neighbour, std::int64_t core) {
    auto& rank = ranks[static_cast<std::size_t>(bond)];
    rank = std::min(rank, ranks[static_cast<std::size_t>(neighbour)] * middle(core));
  };
  for (std::int64_t k = 1; k < cores; ++k) limit(k, k - 1, k - 1);
  for (auto k = cores; k-- > 1;) limit(k, k + 1, k);
  return ranks;
}

std::vector<Role> MPSClassifier::roles() const {
  const auto bonds = ranks();
  // So that all sites' noise together changes the product of all cores by about as much as it is.
  const double noise =
      0.3 / std::sqrt(static_cast<double>(sizes_.sites) * static_cast<double>(settings_.bond));
  std::vector<Role> roles;
  for (std::int64_t k = 0; k <= sizes_.sites; ++k) {
    const auto left = bonds[static_cast<std::size_t>(k)],
               right = bonds[static_cast<std::size_t>(k) + 1];
    Init init{.kind = Init::Kind::identity, .std = noise};
    // Were it the identity for every class, no class's gradient would tell the sites anything.
    if (k == settings_.label)
      init = {.kind = Init::Kind::normal, .std = 1 / std::sqrt(static_cast<double>(left))};
    roles.push_back({.name = core_role(k), .shape = {left, middle(k), right}, .init = init});
  }
  return roles;
}

at::Tensor MPSClassifier::features_of(const at::Tensor& x) const {
  if (settings_.map == Map::given) return x;
  if (settings_.map == Map::linear) return at::stack({1 - x, x}, -1);
  const auto angle = x * (std::numbers::pi / 2);
  return at::stack({at::cos(angle), at::sin(angle)}, -1);
}

tn::ScaledValues MPSClassifier::classify(const Call& call, const at::Tensor& features) const {
  const auto label = static_cast<std::size_t>(settings_.label);
  std::vector<const Weight*> weights;
  std::vector<tn::CoreForms> forms;
  std::vector<at::Tensor> parts;
  for (std::int64_t k = 0; k <= sizes_.sites; ++k) {
    weights.push_back(&call.weight(core_role(k)));
    if (const auto* core = dynamic_cast<const TangentCore*>(&**weights.back())) {
      forms.push_back(core->forms());
      parts.push_back(core->part());
    }
  }
  const bool of_features = at::GradMode::is_enabled() && features.requires_grad();
  if (forms.size() == weights.size() && !of_features && features.size(0) > 0)
    return tn::tangent_mps_classifier(features, forms, parts, label);
  std::vector<at::Tensor> cores;
  for (const auto* weight : weights) cores.push_back((*weight)->dense());
  return tn::mps_classifier(features, cores, label);
}

std::vector<at::Tensor> MPSClassifier::run(const Call& call) const {
  infer(std::vector<Shape>{call.input().sizes().vec()});
  const auto x = in_type_of(call.input(), call.weight(core_role(0)));
  const auto found = classify(call, features_of(x));
  if (settings_.scaled) return {found.value, found.exponent};
  return {tn::unscaled(found)};
}

std::vector<Shape> MPSClassifier::infer(std::span<const Shape> inputs) const {
  const auto& x = inputs.front();
  const bool given = settings_.map == Map::given;
  base::require(
      x.size() == (given ? 3U : 2U) && x[1] == sizes_.sites && (!given || x[2] == sizes_.features),
      "an mps_classifier of {} sites takes {} of them", sizes_.sites,
      given ? fmt::format("vectors of {} numbers for each", sizes_.features)
            : std::string("one number for each"));
  std::vector<Shape> shapes{{x[0], settings_.classes}};
  if (settings_.scaled) shapes.push_back({x[0]});
  return shapes;
}

std::int64_t MPSClassifier::multiply_adds(const NodeShapes& shapes) const {
  // Of the cores as they are: training may have changed their ranks.
  std::int64_t sum = 0;
  for (std::int64_t k = 0; k <= sizes_.sites; ++k)
    sum += shapes.weights.find(core_role(k))->second->parameters();
  return shapes.inputs.front()[0] * sum;
}

}  // namespace ranklens::nn
