#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ranklens/explain/attribution.h"
#include "ranklens/nn/network.h"

namespace ranklens::explain {

enum class NoiseUnit {
  range,    ///< sigma times (largest - smallest pixel) of each image
  absolute  ///< sigma as it is, in pixel units
};

/// What is averaged over the noisy copies g_i of the gradient.
enum class Average {
  signed_mean,  ///< mean g (SmoothGrad)
  absolute,     ///< mean |g|
  square,       ///< mean g^2 (SmoothGrad squared, Hooker et al. 2019)
  variance      ///< mean g^2 - (mean g)^2 (VarGrad, Adebayo et al. 2018)
};

inline constexpr Name<NoiseUnit> kNoiseUnitNames[] = {{"range", NoiseUnit::range},
                                                      {"absolute", NoiseUnit::absolute}};
inline constexpr Name<Average> kAverageNames[] = {{"signed", Average::signed_mean},
                                                  {"abs", Average::absolute},
                                                  {"square", Average::square},
                                                  {"var", Average::variance}};

/// The mean of the gradients at noisy copies of the image (Smilkov et al. 2017): 50 copies, sigma
/// 15 % of the image's range, and then as a saliency map: magnitude, largest channel.
struct SmoothGrad {
  std::int64_t samples = 50;
  double sigma = 0.15;
  NoiseUnit unit = NoiseUnit::range;
  Average average = Average::signed_mean;
  Finish finish = {.absolute = true, .channels = Channels::max};
  /// Image i draws its noise from the stream (seed, "noise", "smoothgrad"), child (first_image +
  /// i).
  std::uint64_t seed = 0;
  std::uint64_t first_image = 0;
  /// Standard normal noise to use instead, [samples,N,C,H,W].
  at::Tensor noise{};
  std::string preset = "paper";
};

/// "paper"; "captum" (5 copies, sigma 1 absolute, mean magnitude, channels apart), "tf-keras-vis"
/// (20 copies, sigma 20 %, mean magnitude, largest channel, scaled), "pair" (25 copies, sigma 15 %,
/// mean square, summed over channels, clipped at the 99th percentile, scaled).
SmoothGrad smooth_grad_preset(std::string_view name);

Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const SmoothGrad& options,
                      const Execution& execution = {});

}  // namespace ranklens::explain
