#include "ranklens/nn/weights/tt_conv_steps.h"

namespace ranklens::nn {

at::Tensor window_filters(const at::Tensor& window) {
  return window.permute({2, 0, 1}).unsqueeze(1);
}

at::Tensor channels_apart(const at::Tensor& image) {
  return image.reshape({image.size(0) * image.size(1), 1, image.size(2), image.size(3)});
}

at::Tensor pixel_rows(const at::Tensor& filtered, std::int64_t channels) {
  const auto rank = filtered.size(1), height = filtered.size(2), width = filtered.size(3);
  return filtered.reshape({-1, channels, rank, height, width})
      .permute({0, 3, 4, 2, 1})
      .reshape({-1, rank * channels});
}

at::Tensor image_of_rows(const at::Tensor& rows, std::int64_t batch, const at::Tensor& filtered) {
  return rows.reshape({batch, filtered.size(2), filtered.size(3), rows.size(1)})
      .permute({0, 3, 1, 2});
}

std::vector<at::Tensor> channel_train(std::vector<at::Tensor> cores) {
  auto& first = cores.front();
  first = first.permute({1, 0, 2, 3})
              .reshape({1, first.size(1), first.size(0) * first.size(2), first.size(3)});
  return cores;
}

}  // namespace ranklens::nn
