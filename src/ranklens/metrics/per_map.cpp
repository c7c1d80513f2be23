#include "ranklens/metrics/per_map.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>

#include <ATen/ops/empty.h>

#include "ranklens/base/error.h"
#include "ranklens/base/parallel.h"

namespace ranklens::metrics {
namespace {

// Maps are converted to float64 a few at a time, so that the copy never doubles a large array.
constexpr std::int64_t kImagesAtOnce = 256;

void check_shape(const at::Tensor& maps, std::string_view what) {
  base::require(maps.defined() && maps.dim() == 3, "{} must be [images, height, width], got {}",
                what, maps.defined() ? fmt::format("{} dimensions", maps.dim()) : "nothing");
  base::require(maps.size(1) > 0 && maps.size(2) > 0, "{} of {}x{} pixels cannot be measured", what,
                maps.size(1), maps.size(2));
}

void check_maps(const at::Tensor& maps, std::string_view what) {
  check_shape(maps, what);
  base::require(maps.is_floating_point(), "{} must be floating-point numbers", what);
}

void check_same_size(const at::Tensor& maps, const at::Tensor& others, std::string_view what) {
  base::require(maps.sizes() == others.sizes(), "the maps are {}x{}x{} but the {} are {}x{}x{}",
                maps.size(0), maps.size(1), maps.size(2), what, others.size(0), others.size(1),
                others.size(2));
}

// A block of maps as contiguous float64 on the CPU, signs applied, every value finite.
class Block {
 public:
  Block(const at::Tensor& maps, std::int64_t first, std::int64_t count, Sign sign)
      : height_(maps.size(1)), width_(maps.size(2)) {
    const at::Tensor rows =
        maps.detach().narrow(0, first, count).to(at::kCPU, at::kDouble).contiguous();
    const double* data = rows.const_data_ptr<double>();
    values_.assign(data, data + rows.numel());
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!std::isfinite(values_[i])) complain(first, static_cast<std::int64_t>(i));
      if (sign == Sign::positive) values_[i] = std::max(values_[i], 0.0);
      if (sign == Sign::absolute) values_[i] = std::abs(values_[i]);
    }
  }

  MapView view(std::int64_t image) const {
    const auto pixels = static_cast<std::size_t>(height_ * width_);
    return {std::span(values_).subspan(static_cast<std::size_t>(image) * pixels, pixels), height_,
            width_};
  }

 private:
  void complain(std::int64_t first, std::int64_t index) const {
    const std::int64_t pixels = height_ * width_;
    throw base::NotFiniteError(
        fmt::format("map {} holds {} at row {}, column {}", first + index / pixels,
                    std::isnan(values_[static_cast<std::size_t>(index)]) ? "a NaN" : "an infinity",
                    index % pixels / width_, index % width_));
  }

  std::int64_t height_;
  std::int64_t width_;
  std::vector<double> values_;
};

// Calls body(first, count) for one block of images after the other.
void for_each_block(std::int64_t images,
                    const std::function<void(std::int64_t, std::int64_t)>& body) {
  for (std::int64_t first = 0; first < images; first += kImagesAtOnce) {
    body(first, std::min(kImagesAtOnce, images - first));
  }
}

// Calls visit(i) for each image of a block, on all threads.
void visit_all(std::int64_t count, const std::function<void(std::int64_t)>& visit) {
  base::parallel_over(count, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) visit(i);
  });
}

}  // namespace

void for_each_map(const at::Tensor& maps, Sign sign,
                  const std::function<void(std::int64_t, const MapView&)>& visit) {
  check_maps(maps, "maps");
  for_each_block(maps.size(0), [&](std::int64_t first, std::int64_t count) {
    const Block block(maps, first, count, sign);
    visit_all(count, [&](std::int64_t i) { visit(first + i, block.view(i)); });
  });
}

at::Tensor per_map(const at::Tensor& maps, Sign sign,
                   const std::function<double(const MapView&)>& metric) {
  check_maps(maps, "maps");
  at::Tensor out = at::empty({maps.size(0)}, at::kDouble);
  auto* values = out.mutable_data_ptr<double>();
  for_each_map(maps, sign, [&](std::int64_t i, const MapView& map) { values[i] = metric(map); });
  return out;
}

at::Tensor per_map_and_mask(const at::Tensor& maps, const at::Tensor& masks, Sign sign,
                            const std::function<double(const MapView&, MaskView)>& metric) {
  check_maps(maps, "maps");
  check_shape(masks, "masks");
  base::require(masks.scalar_type() == at::kByte || masks.scalar_type() == at::kBool,
                "masks must be bytes or booleans");
  check_same_size(maps, masks, "masks");
  const at::Tensor inside = masks.ne(0).to(at::kCPU, at::kByte).contiguous();
  const auto* mask = inside.const_data_ptr<std::uint8_t>();
  at::Tensor out = at::empty({maps.size(0)}, at::kDouble);
  auto* values = out.mutable_data_ptr<double>();
  for_each_map(maps, sign, [&](std::int64_t i, const MapView& map) {
    const std::size_t pixels = map.values.size();
    values[i] = metric(map, {mask + static_cast<std::size_t>(i) * pixels, pixels});
  });
  return out;
}

at::Tensor per_pair(const at::Tensor& maps, const at::Tensor& others, Sign sign,
                    const std::function<double(const MapView&, const MapView&)>& metric) {
  check_maps(maps, "maps");
  check_maps(others, "the other maps");
  check_same_size(maps, others, "other maps");
  at::Tensor out = at::empty({maps.size(0)}, at::kDouble);
  auto* values = out.mutable_data_ptr<double>();
  for_each_block(maps.size(0), [&](std::int64_t first, std::int64_t count) {
    const Block block(maps, first, count, sign);
    const Block other(others, first, count, sign);
    visit_all(count,
              [&](std::int64_t i) { values[first + i] = metric(block.view(i), other.view(i)); });
  });
  return out;
}

std::vector<double> as_distribution(std::span<const double> values) {
  std::vector<double> shares(values.begin(), values.end());
  // Dividing by the largest value first keeps the sum of huge values finite.
  const double peak = *std::max_element(shares.begin(), shares.end());
  if (peak <= 0) {
    std::fill(shares.begin(), shares.end(), 1 / static_cast<double>(shares.size()));
    return shares;
  }
  for (double& share : shares) share /= peak;
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

std::vector<std::int32_t> ascending(std::span<const double> values) {
  std::vector<std::pair<double, std::int32_t>> keyed(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    keyed[i] = {values[i], static_cast<std::int32_t>(i)};
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::int32_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = keyed[i].second;
  return order;
}

std::vector<double> top_share(std::span<const double> values, std::int64_t count) {
  std::vector<double> share(values.size(), 0.0);
  if (count <= 0) return share;
  if (count >= static_cast<std::int64_t>(values.size())) {
    std::fill(share.begin(), share.end(), 1.0);
    return share;
  }
  std::vector<double> sorted(values.begin(), values.end());
  std::nth_element(sorted.begin(), sorted.begin() + (count - 1), sorted.end(), std::greater<>());
  const double threshold = sorted[static_cast<std::size_t>(count - 1)];
  std::int64_t above = 0;
  std::int64_t tied = 0;
  for (const double value : values) {
    above += value > threshold;
    tied += value == threshold;
  }
  const double each = static_cast<double>(count - above) / static_cast<double>(tied);
  for (std::size_t i = 0; i < values.size(); ++i) {
    share[i] = values[i] > threshold ? 1.0 : (values[i] == threshold ? each : 0.0);
  }
  return share;
}

}  // namespace ranklens::metrics
