#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

/// Does the network depend on the pixels that the map ranks first? Deletion takes them away and
/// watches the target's score fall (a small area is good), insertion gives them back to an empty
/// image (a large area is good). Petsiuk, Das and Saenko 2018, "RISE".
namespace ranklens::metrics {

/// Images [B,C,H,W] to logits [B,K]. Called without gradients, with at most `batch` images.
using ScoreFunction = std::function<at::Tensor(const at::Tensor& images)>;

enum class Score {
  softmax,  ///< probability of the target
  logit     ///< the target's logit as it is; areas of different images then have no common scale
};

/// What a deleted pixel is replaced with.
enum class Baseline {
  value,  ///< CurveOptions::value in every channel; 0 is black
  mean,   ///< the mean of each channel of that image
  blur    ///< the image under a Gaussian window, edges repeated
};

enum class Area {
  trapezoid,   ///< over the true fraction of pixels changed, divided by the largest fraction
  equal_steps  ///< the trapezoid rule with all steps of one width, whatever rounding made of them
};

struct CurveOptions {
  Score score = Score::softmax;
  Baseline baseline = Baseline::value;
  double value = 0;
  std::int64_t blur_window = 11;  ///< side of the blur's window, odd, in pixels
  double blur_sigma = 5;          ///< its standard deviation, in pixels
  /// Number of steps from none to all; 0 takes `pixels_per_step` pixels a step instead, and with
  /// both 0 one row's worth, as the paper's 224 of 224x224.
  std::int64_t steps = 0;
  std::int64_t pixels_per_step = 0;
  double largest_fraction = 1;  ///< part of the pixels changed at the last step, in (0, 1]
  Area area = Area::trapezoid;
  std::int64_t batch = 64;
};

enum class Game { deletion, insertion };

/// The settings of "paper" (RISE: softmax, one row a step, deletion to black, insertion from the
/// blurred image), "xplique" (logit, 10 steps, black) or "torch-cam" (softmax, 20 steps, black).
/// Error for another name.
CurveOptions curve_preset(std::string_view name, Game game);

struct Curve {
  at::Tensor fractions;  ///< [S+1] float64, part of the pixels changed, from 0
  at::Tensor scores;     ///< [N,S+1] float64
  at::Tensor area;       ///< [N] float64, in the unit of the score
};

/// Maps [N,H,W] rank the pixels of images [N,C,H,W], largest value first; pixels with equal values
/// come in a fixed shuffled order, so that a constant map acts as a random one. Targets [N] int64.
/// Errors: sizes that disagree, a target that is no class, NaN in a map or in a score.
Curve perturbation_curve(Game game, const ScoreFunction& score, const at::Tensor& images,
                         const at::Tensor& maps, const at::Tensor& targets,
                         const CurveOptions& options);

/// One curve for each of `kinds` (options.score is not read), equal to that of perturbation_curve
/// with that score; the network sees the perturbed images once for all of them.
std::vector<Curve> perturbation_curves(Game game, const ScoreFunction& score,
                                       const at::Tensor& images, const at::Tensor& maps,
                                       const at::Tensor& targets, const CurveOptions& options,
                                       std::span<const Score> kinds);

inline Curve deletion(const ScoreFunction& score, const at::Tensor& images, const at::Tensor& maps,
                      const at::Tensor& targets,
                      const CurveOptions& options = curve_preset("paper", Game::deletion)) {
  return perturbation_curve(Game::deletion, score, images, maps, targets, options);
}

inline Curve insertion(const ScoreFunction& score, const at::Tensor& images, const at::Tensor& maps,
                       const at::Tensor& targets,
                       const CurveOptions& options = curve_preset("paper", Game::insertion)) {
  return perturbation_curve(Game::insertion, score, images, maps, targets, options);
}

/// The image that stands for no information under `options`, [N,C,H,W].
at::Tensor baseline_images(const at::Tensor& images, const CurveOptions& options);

}  // namespace ranklens::metrics
