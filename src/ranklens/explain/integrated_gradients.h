#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ranklens/explain/attribution.h"
#include "ranklens/explain/quadrature.h"
#include "ranklens/nn/network.h"

namespace ranklens::explain {

/// Where the path to the image begins.
enum class PathBaseline {
  value,  ///< the same number in every pixel; 0 is black
  mean    ///< the mean of each channel of that image
};

inline constexpr Name<PathBaseline> kPathBaselineNames[] = {{"value", PathBaseline::value},
                                                            {"mean", PathBaseline::mean}};

/// (x - x') times the mean gradient on the straight path from the baseline x' to the image x,
/// summed over channels (Sundararajan, Taly and Yan 2017). Signed; its sum is f(x) - f(x') up to
/// the error of the quadrature, which is reported.
struct IntegratedGradients {
  std::int64_t steps = 50;
  Quadrature rule = Quadrature::right;
  PathBaseline baseline = PathBaseline::value;
  double value = 0;
  /// Baseline images to use instead, [N,C,H,W] or [1,C,H,W].
  at::Tensor baselines{};
  Finish finish = {};
  std::string preset = "paper";
};

/// "paper" (50 steps, right Riemann sum), "captum" (50 steps, Gauss-Legendre, channels apart),
/// "pair" (25 steps from end to end; magnitudes summed over channels, clipped, scaled).
IntegratedGradients integrated_gradients_preset(std::string_view name);

/// Sets Attribution::completeness_gap and says the largest in the notes.
Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const IntegratedGradients& options,
                      const Execution& execution = {});

}  // namespace ranklens::explain
