#include "ranklens/data/summary.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/bincount.h>

#include "ranklens/data/npy_set.h"

namespace ranklens::data {

Summary summarise(const Dataset& data) {
  Summary summary;
  const at::Tensor counts =
      at::bincount(data.labels, {}, static_cast<std::int64_t>(data.classes.size()));
  summary.counts.assign(counts.const_data_ptr<std::int64_t>(),
                        counts.const_data_ptr<std::int64_t>() + counts.numel());
  constexpr std::int64_t chunk = 1024;  // bounds the copy in double precision
  std::vector<double> sum(static_cast<std::size_t>(data.channels())), squares(sum);
  for (std::int64_t i = 0; i < data.size(); i += chunk) {
    const at::Tensor some =
        to_float(data.images.narrow(0, i, std::min(chunk, data.size() - i))).to(at::kDouble);
    for (std::int64_t c = 0; c < data.channels(); ++c) {
      const auto k = static_cast<std::size_t>(c);
      sum[k] += some.select(1, c).sum().item<double>();
      squares[k] += some.select(1, c).square().sum().item<double>();
    }
  }
  const auto values = static_cast<double>(data.size() * data.height() * data.width());
  for (std::size_t k = 0; k < sum.size(); ++k) {
    const double mean = sum[k] / values;
    summary.mean.push_back(mean);
    summary.deviation.push_back(std::sqrt(std::max(0.0, squares[k] / values - mean * mean)));
  }
  if (data.masks.defined()) {
    summary.mask_share = static_cast<double>(data.masks.sum().item<std::int64_t>()) / values;
  }
  if (data.shortcut_masks.defined()) {
    summary.with_shortcut = data.shortcut_masks.flatten(1).any(1).sum().item<std::int64_t>();
  }
  return summary;
}

}  // namespace ranklens::data
