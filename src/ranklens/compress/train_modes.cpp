#include "ranklens/compress/train_modes.h"

namespace ranklens::compress {

at::Tensor in_train_modes(const at::Tensor& dense, const nn::WeightSpec& modes) {
  const bool window = nn::has_window_core(modes, dense.sizes().vec());
  const auto d = static_cast<std::int64_t>(modes.out.size());
  nn::Shape sizes = modes.out, order, fused;
  sizes.insert(sizes.end(), modes.in.begin(), modes.in.end());
  if (window) {
    sizes.push_back(dense.size(2) * dense.size(3));
    order.push_back(2 * d);
    fused.push_back(sizes.back());
  }
  for (std::int64_t k = 0; k < d; ++k) {
    const auto at = static_cast<std::size_t>(k);
    order.insert(order.end(), {k, d + k});
    fused.push_back(modes.out[at] * modes.in[at]);
  }
  return dense.reshape(sizes).permute(order).reshape(fused);
}

}  // namespace ranklens::compress
