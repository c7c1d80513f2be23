#include "ranklens/optim/low_rank/rank_schedule.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/nn/layer_rules.h"

namespace ranklens::optim {
namespace {

constexpr const char* kForm =
    "layers with a rank policy of their own are written PATTERN:TAU:CAP:FLOOR, where any number "
    "but the last may be left out, 'conv*:0.05;head:0.2:16;fc1::64;fc2:::4', not '{}'";

/// The parts between a separator.
std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = std::min(text.find(separator), text.size());
    parts.push_back(base::trim(text.substr(0, end)));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> parse_rank(std::string_view part, std::string_view text) {
  if (part.empty()) return {};
  const auto rank = base::parse_number<std::int64_t>(part);
  base::require(rank && *rank >= 1, kForm, text);
  return rank;
}

LayerRanks parse_one(std::string_view text) {
  auto parts = parts_of(text, ':');
  base::require(
      parts.size() >= 2 && parts.size() <= 4 && !parts[0].empty() && !parts.back().empty(), kForm,
      text);
  parts.resize(4);
  LayerRanks made{.pattern = std::string(parts[0]),
                  .cap = parse_rank(parts[2], text),
                  .floor = parse_rank(parts[3], text)};
  if (!parts[1].empty()) {
    made.tau = base::parse_number<double>(parts[1]);
    base::require(made.tau && *made.tau > 0 && *made.tau < 1e12, kForm, text);
  }
  base::require(!made.cap || !made.floor || *made.floor <= *made.cap,
                "the largest rank of '{}', {}, is below its smallest, {}", made.pattern,
                made.cap.value_or(0), made.floor.value_or(0));
  return made;
}

std::string_view layer_of(std::string_view weight) {
  constexpr std::string_view suffix = ".weight";
  if (weight.ends_with(suffix)) weight.remove_suffix(suffix.size());
  return weight;
}

}  // namespace

std::vector<LayerRanks> parse_layer_ranks(std::string_view text) {
  std::vector<LayerRanks> layers;
  if (base::trim(text).empty()) return layers;
  for (const auto part : parts_of(text, ';')) layers.push_back(parse_one(part));
  return layers;
}

std::string to_string(const std::vector<LayerRanks>& layers) {
  const auto shown = [](const auto& number) { return number ? fmt::to_string(*number) : ""; };
  std::string text;
  for (const auto& one : layers) {
    if (!text.empty()) text += ';';
    text += fmt::format("{}:{}", one.pattern, shown(one.tau));
    if (one.cap || one.floor) text += ':' + shown(one.cap);
    if (one.floor) text += ':' + shown(one.floor);
  }
  return text;
}

namespace {

/// How much of a way of so many steps is gone after one of them.
double way_at(std::int64_t step, std::int64_t over) {
  return std::min(1.0, static_cast<double>(step) / static_cast<double>(over));
}

}  // namespace

std::int64_t budget_for(std::int64_t budget, const RankSchedule& schedule, std::int64_t dense,
                        std::int64_t step) {
  if (schedule.budget_over == 0 || budget >= dense) return budget;
  const auto least = static_cast<double>(budget), most = static_cast<double>(dense);
  return std::llround(most * std::pow(least / most, way_at(step, schedule.budget_over)));
}

RankPolicy policy_for(const RankPolicy& common, const RankSchedule& schedule,
                      std::string_view weight, std::int64_t step) {
  RankPolicy policy = common;
  if (schedule.over > 0 && schedule.tau_end > 0) {
    policy.tau = common.tau * std::pow(schedule.tau_end / common.tau, way_at(step, schedule.over));
  }
  for (const auto& one : schedule.layers) {
    if (!nn::matches(one.pattern, layer_of(weight))) continue;
    policy.tau = one.tau.value_or(policy.tau);
    if (one.cap) policy.cap = *one.cap, policy.floor = std::min(policy.floor, *one.cap);
    if (one.floor) policy.floor = *one.floor, policy.cap = std::max(policy.cap, *one.floor);
    break;
  }
  return policy;
}

void require_matched(const std::vector<LayerRanks>& layers, std::vector<std::string> weights) {
  for (auto& name : weights) name = layer_of(name);
  for (const auto& one : layers) {
    const bool used = std::any_of(weights.begin(), weights.end(), [&](const std::string& name) {
      return nn::matches(one.pattern, name);
    });
    base::require(used, "no layer with a weight of low rank is called '{}'{}", one.pattern,
                  base::nearest_hint(one.pattern, weights));
  }
}

bool is_held(const RankSchedule& schedule, std::int64_t step) {
  return schedule.hold > 0 && step > schedule.hold;
}

}  // namespace ranklens::optim
