#include "ranklens/metrics/localisation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ranklens/base/error.h"

namespace ranklens::metrics {
namespace {

std::int64_t area(MaskView mask) { return std::count(mask.begin(), mask.end(), std::uint8_t{1}); }

// For each pixel the distance along its row to the nearest pixel of the mask.
std::vector<double> row_distance(MaskView mask, std::int64_t height, std::int64_t width) {
  std::vector<double> distance(mask.size());
  for (std::int64_t y = 0; y < height; ++y) {
    const auto row = static_cast<std::size_t>(y * width);
    double last = std::numeric_limits<double>::infinity();
    for (std::int64_t x = 0; x < width; ++x) {
      last = mask[row + x] ? 0 : last + 1;
      distance[row + x] = last;
    }
    last = std::numeric_limits<double>::infinity();
    for (std::int64_t x = width - 1; x >= 0; --x) {
      last = mask[row + x] ? 0 : last + 1;
      distance[row + x] = std::min(distance[row + x], last);
    }
  }
  return distance;
}

// Whether pixel (y, x) lies within `radius` of the mask whose row distances are given.
bool near(const std::vector<double>& distance, const MapView& map, std::int64_t y, std::int64_t x,
          double radius) {
  const auto reach = static_cast<std::int64_t>(
      std::min(radius, static_cast<double>(map.height)));  // further rows do not exist
  for (std::int64_t row = std::max<std::int64_t>(0, y - reach);
       row <= std::min(map.height - 1, y + reach); ++row) {
    const auto up = static_cast<double>(row - y);
    const double across = distance[static_cast<std::size_t>(row * map.width + x)];
    if (up * up + across * across <= radius * radius) return true;
  }
  return false;
}

double pointing(const MapView& map, MaskView mask, double tolerance) {
  const double peak = *std::max_element(map.values.begin(), map.values.end());
  const auto distance = row_distance(mask, map.height, map.width);
  std::int64_t peaks = 0;
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < map.values.size(); ++i) {
    if (map.values[i] < peak) continue;
    const auto index = static_cast<std::int64_t>(i);
    ++peaks;
    hits += near(distance, map, index / map.width, index % map.width, tolerance);
  }
  return static_cast<double>(hits) / static_cast<double>(peaks);
}

// Expected part of the mask that the map's largest values cover, as many as the mask has pixels.
double rank_share(const MapView& map, MaskView mask) {
  const std::int64_t inside = area(mask);
  if (inside == 0) return 0;
  const auto share = top_share(map.values, inside);
  double covered = 0;
  for (std::size_t i = 0; i < mask.size(); ++i) covered += mask[i] ? share[i] : 0;
  return covered / static_cast<double>(inside);
}

double auc(const MapView& map, MaskView mask) {
  const std::int64_t inside = area(mask);
  const std::int64_t outside = static_cast<std::int64_t>(mask.size()) - inside;
  if (inside == 0 || outside == 0) return 0.5;
  const auto order = ascending(map.values);
  double wins = 0;
  double below = 0;  // pixels outside the mask with a smaller value
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    double in = 0;
    for (; end < order.size() && map.values[order[end]] == map.values[order[begin]]; ++end) {
      in += mask[order[end]];
    }
    const double out = static_cast<double>(end - begin) - in;
    wins += in * (below + out / 2);
    below += out;
    begin = end;
  }
  return wins / (static_cast<double>(inside) * static_cast<double>(outside));
}

}  // namespace

at::Tensor pointing_game(const at::Tensor& maps, const at::Tensor& masks,
                         const PointingGame& options) {
  base::require(std::isfinite(options.tolerance) && options.tolerance >= 0,
                "the tolerance of the pointing game must be 0 or more pixels, got {}",
                options.tolerance);
  return per_map_and_mask(maps, masks, options.sign, [&](const MapView& map, MaskView mask) {
    return pointing(map, mask, options.tolerance);
  });
}

at::Tensor mass_accuracy(const at::Tensor& maps, const at::Tensor& masks, Sign sign) {
  base::require(sign != Sign::raw,
                "mass accuracy needs the positive or the absolute values of a map");
  return per_map_and_mask(maps, masks, sign, [](const MapView& map, MaskView mask) {
    const auto mass = as_distribution(map.values);
    double inside = 0;
    double outside = 0;
    for (std::size_t i = 0; i < mask.size(); ++i) (mask[i] ? inside : outside) += mass[i];
    return inside / (inside + outside);
  });
}

at::Tensor rank_accuracy(const at::Tensor& maps, const at::Tensor& masks, Sign sign) {
  return per_map_and_mask(maps, masks, sign, rank_share);
}

at::Tensor iou_at_mask_area(const at::Tensor& maps, const at::Tensor& masks, Sign sign) {
  return per_map_and_mask(maps, masks, sign, [](const MapView& map, MaskView mask) {
    const double share = rank_share(map, mask);
    return share / (2 - share);
  });
}

at::Tensor roc_auc(const at::Tensor& maps, const at::Tensor& masks, Sign sign) {
  return per_map_and_mask(maps, masks, sign, auc);
}

at::Tensor informative(const at::Tensor& masks) {
  base::require(masks.defined() && masks.dim() == 3, "masks must be [images, height, width]");
  const at::Tensor inside = masks.ne(0).flatten(1);
  return inside.any(1).logical_and(inside.all(1).logical_not());
}

}  // namespace ranklens::metrics
