#include "ranklens/data/hold_out.h"

#include <cmath>

#include <ATen/ops/tensor.h>

#include "ranklens/base/error.h"

namespace ranklens::data {

std::pair<Dataset, Dataset> hold_out(const Dataset& data, double share) {
  base::require(share > 0 && share < 1, "a share of the images lies between 0 and 1, not at {}",
                share);
  // 0.1 is a little more than a tenth, 0.7 a little less than seven.
  const auto held = [&](std::int64_t first) {
    return std::floor(static_cast<double>(first) * share + 1e-9);
  };
  std::vector<std::int64_t> seen(data.classes.size()), left, out;
  const auto* labels = data.labels.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const auto place = seen[static_cast<std::size_t>(labels[i])]++;
    (held(place + 1) > held(place) ? out : left).push_back(i);
  }
  base::require(!out.empty() && !left.empty(),
                "a share of {} holds out {} of the {} images of '{}'", share,
                out.empty() ? "none" : "all", data.size(), data.name);
  return {select(data, at::tensor(left, at::kLong)), select(data, at::tensor(out, at::kLong))};
}

}  // namespace ranklens::data
