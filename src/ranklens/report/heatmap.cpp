#include "ranklens/report/heatmap.h"

#include <algorithm>
#include <cmath>

#include "ranklens/base/error.h"
#include "ranklens/base/image.h"

namespace ranklens::report {

namespace {

struct Range {
  double low = 0;
  double high = 0;
};

/// The map as contiguous float64 on the CPU, checked.
at::Tensor values_of(const at::Tensor& map) {
  base::require(map.dim() == 2 && map.numel() > 0,
                "a map must be [height, width], not {} values in {} dimensions", map.numel(),
                map.dim());
  const at::Tensor values = map.detach().to(at::kCPU, at::kDouble).contiguous();
  const double* data = values.const_data_ptr<double>();
  base::require(std::all_of(data, data + values.numel(), [](double v) { return std::isfinite(v); }),
                "a map holds values that are not finite numbers");
  return values;
}

Range range_of(const at::Tensor& values) {
  const double* data = values.const_data_ptr<double>();
  const auto [low, high] = std::minmax_element(data, data + values.numel());
  return {*low, *high};
}

/// Level of each value when `low` is 0 and `low + 255 · step` is 255.
base::Image levels(const at::Tensor& values, double low, double step) {
  base::Image image{static_cast<int>(values.size(0)), static_cast<int>(values.size(1)), 1, {}};
  image.pixels.resize(static_cast<std::size_t>(values.numel()));
  const double* data = values.const_data_ptr<double>();
  std::transform(data, data + values.numel(), image.pixels.begin(), [&](double v) {
    const double level = step > 0 ? std::round((v - low) / step) : 0;
    return static_cast<std::uint8_t>(std::clamp(level, 0.0, 255.0));
  });
  return image;
}

struct Quantised {
  base::Image image;
  double low = 0;
  double step = 0;
};

Quantised quantised(const at::Tensor& map) {
  const at::Tensor values = values_of(map);
  const auto [low, high] = range_of(values);
  if (low >= 0) {
    const double step = (high - low) / 255;
    return {levels(values, low, step), low, step};
  }
  const double most = std::max(-low, high);
  return {levels(values, -most, most / 127), -most, most / 127};
}

}  // namespace

GreyMap grey_map(const at::Tensor& map) {
  const Quantised result = quantised(map);
  return {base::encode_png(result.image), result.low, result.low + 255 * result.step};
}

at::Tensor without_outliers(const at::Tensor& map) {
  if (map.numel() == 0) return map;
  const auto sizes = std::get<0>(map.abs().to(at::kCPU, at::kDouble).flatten().sort());
  const auto place = (99 * (sizes.numel() - 1)) / 100;
  const double most = sizes[place].item<double>(), largest = sizes[-1].item<double>();
  return most > 0 && largest > 2 * most ? map.clamp(-most, most) : map;
}

std::string photo_png(const at::Tensor& image) {
  base::require(image.dim() == 3 && (image.size(0) == 1 || image.size(0) == 3),
                "an image must be [1 or 3 channels, height, width]");
  return base::encode_png(base::to_image(image));
}

std::string mask_png(const at::Tensor& mask) {
  base::require(mask.dim() == 2, "a mask must be [height, width], not of {} dimensions",
                mask.dim());
  return base::encode_png(base::to_image(mask.ne(0).to(at::kFloat)));
}

}  // namespace ranklens::report
