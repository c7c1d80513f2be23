#include "ranklens/train/observed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "ranklens/base/text.h"

namespace ranklens::train {
namespace {

/// "rank/mps" and 17 of "rank/mps.17"; nothing for other names.
std::optional<std::pair<std::string, std::size_t>> bond_of(const std::string& name) {
  const auto point = name.rfind('.');
  if (point == std::string::npos || !name.starts_with("rank/")) return std::nullopt;
  const auto bond = base::parse_number<std::size_t>(name.substr(point + 1));
  if (!bond) return std::nullopt;
  return std::pair(name.substr(0, point), *bond);
}

}  // namespace

std::map<std::string, std::vector<double>> by_bond(const Observed& observed) {
  std::map<std::string, std::map<std::size_t, double>> found;
  for (const auto& [name, value] : observed) {
    if (const auto bond = bond_of(name)) found[bond->first][bond->second] = value;
  }
  std::map<std::string, std::vector<double>> trains;
  for (const auto& [train, bonds] : found) {
    for (const auto& [bond, value] : bonds) trains[train].push_back(value);
  }
  return trains;
}

Observed summarised(const Observed& observed) {
  auto trains = by_bond(observed);
  std::erase_if(trains, [](const auto& train) { return train.second.size() <= kFewBonds; });
  Observed told;
  for (const auto& [name, value] : observed) {
    const auto bond = bond_of(name);
    if (!bond || !trains.contains(bond->first)) told[name] = value;
  }
  for (const auto& [name, values] : trains) {
    double sum = 0, largest = -std::numeric_limits<double>::infinity();
    for (const double value : values) sum += value, largest = std::max(largest, value);
    told[name + " largest"] = largest;
    told[name + " mean"] = sum / static_cast<double>(values.size());
  }
  return told;
}

}  // namespace ranklens::train
