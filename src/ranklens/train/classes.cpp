#include "ranklens/train/classes.h"

#include <algorithm>

#include <ATen/ops/_unique2.h>
#include <ATen/ops/tensor.h>

#include "ranklens/base/error.h"

namespace ranklens::train {
namespace {

/// The classes that images have.
std::vector<std::size_t> present(const data::Dataset& data) {
  const auto labels = std::get<0>(at::_unique2(data.labels)).contiguous();
  const auto* first = labels.const_data_ptr<std::int64_t>();
  return {first, first + labels.numel()};
}

auto times(const std::vector<std::string>& outputs, const std::string& name) {
  return std::count(outputs.begin(), outputs.end(), name);
}

/// Data of names that a network with mere numbers has none of: its numbers are places.
bool only_numbers_there(const data::Dataset& data, const std::vector<std::string>& outputs) {
  return !has_names(outputs) &&
         std::none_of(data.classes.begin(), data.classes.end(),
                      [&](const auto& name) { return times(outputs, name) > 0; });
}

}  // namespace

bool has_names(const std::vector<std::string>& classes) {
  for (std::size_t k = 0; k < classes.size(); ++k) {
    if (classes[k] != std::to_string(k)) return true;
  }
  return false;
}

bool all_among(const data::Dataset& data, const std::vector<std::string>& outputs) {
  const auto classes = present(data);
  return std::all_of(classes.begin(), classes.end(),
                     [&](std::size_t k) { return times(outputs, data.classes.at(k)) == 1; });
}

data::Dataset with_classes(const data::Dataset& data, const std::vector<std::string>& outputs) {
  if (data.size() == 0 || data.classes == outputs || !has_names(data.classes) ||
      only_numbers_there(data, outputs)) {
    return data;
  }
  std::vector<std::int64_t> places(data.classes.size(), -1);
  for (const auto k : present(data)) {
    const auto& name = data.classes.at(k);
    const auto found = std::find(outputs.begin(), outputs.end(), name);
    base::require(found != outputs.end(),
                  "'{}' has the class '{}', the network has none of this name{}", data.name, name,
                  base::nearest_hint(name, outputs));
    base::require(times(outputs, name) == 1,
                  "'{}' has the class '{}', and the network has several classes '{}'", data.name,
                  name, name);
    places[k] = found - outputs.begin();
  }
  auto moved = data;
  moved.labels = at::tensor(places, at::kLong).index_select(0, data.labels);
  moved.classes = outputs;
  moved.hash = data::content_hash(moved);
  return moved;
}

}  // namespace ranklens::train
