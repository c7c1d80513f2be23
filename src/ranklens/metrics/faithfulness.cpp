#include "ranklens/metrics/faithfulness.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "ranklens/base/error.h"
#include "ranklens/metrics/per_map.h"

namespace ranklens::metrics {
namespace {

// A fixed scramble of the pixel's index (the finaliser of SplitMix64, Steele et al. 2014): ties are
// then broken in an order that has nothing to do with the picture.
std::uint64_t scrambled(std::uint64_t index) {
  std::uint64_t z = index + 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// [N,H,W] int32: the place of each pixel in the order of change, 0 first.
at::Tensor places_of(const at::Tensor& maps) {
  at::Tensor places = at::empty(maps.sizes(), at::kInt);
  auto* data = places.mutable_data_ptr<std::int32_t>();
  for_each_map(maps, Sign::raw, [&](std::int64_t image, const MapView& map) {
    std::vector<std::size_t> order(map.values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (map.values[a] != map.values[b]) return map.values[a] > map.values[b];
      return scrambled(a) < scrambled(b);
    });
    auto* out = data + static_cast<std::size_t>(image) * order.size();
    for (std::size_t place = 0; place < order.size(); ++place) {
      out[order[place]] = static_cast<std::int32_t>(place);
    }
  });
  return places;
}

// How many pixels are changed at each point of the curve, from 0.
std::vector<std::int64_t> counts(const CurveOptions& options, std::int64_t height,
                                 std::int64_t width) {
  base::require(options.steps >= 0 && options.pixels_per_step >= 0 && options.batch > 0,
                "steps, pixels per step and batch must not be negative");
  base::require(options.largest_fraction > 0 && options.largest_fraction <= 1,
                "the largest fraction must lie in (0, 1], got {}", options.largest_fraction);
  const std::int64_t last = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(options.largest_fraction * static_cast<double>(height * width)));
  std::vector<std::int64_t> changed{0};
  if (options.steps > 0) {
    for (std::int64_t step = 1; step <= options.steps; ++step) {
      changed.push_back(step * last / options.steps);
    }
    return changed;
  }
  const std::int64_t each = options.pixels_per_step > 0 ? options.pixels_per_step : width;
  while (changed.back() < last) changed.push_back(std::min(changed.back() + each, last));
  return changed;
}

void check_inputs(const at::Tensor& images, const at::Tensor& maps, const at::Tensor& targets) {
  base::require(images.defined() && images.dim() == 4 && images.is_floating_point(),
                "images must be floating-point numbers [images, channels, height, width]");
  base::require(maps.defined() && maps.dim() == 3, "maps must be [images, height, width]");
  base::require(maps.size(0) == images.size(0) && maps.size(1) == images.size(2) &&
                    maps.size(2) == images.size(3),
                "the maps are {}x{}x{} but the images are {}x{}x{}", maps.size(0), maps.size(1),
                maps.size(2), images.size(0), images.size(2), images.size(3));
  base::require(targets.defined() && targets.dim() == 1 && targets.scalar_type() == at::kLong &&
                    targets.size(0) == images.size(0),
                "targets must be one int64 for each of the {} images", images.size(0));
}

// The network's answers, [B,K] float64 on the CPU.
at::Tensor logits_of(const ScoreFunction& score, const at::Tensor& images) {
  at::Tensor logits = score(images).detach().to(at::kCPU, at::kDouble);
  base::require(logits.dim() == 2 && logits.size(0) == images.size(0),
                "the scoring function must return one row of logits for each of {} images",
                images.size(0));
  return logits;
}

// Scores of the targets, [B] float64.
at::Tensor target_scores(const at::Tensor& logits, const at::Tensor& targets, Score kind) {
  const std::int64_t classes = logits.size(1);
  const bool known = targets.ge(0).logical_and(targets.lt(classes)).all().item<bool>();
  base::require(known, "a target is no class of the network, which has {} classes", classes);
  const at::Tensor all = kind == Score::softmax ? logits.softmax(1) : logits;
  at::Tensor scores = all.gather(1, targets.unsqueeze(1)).squeeze(1);
  if (!at::isfinite(scores).all().item<bool>())
    throw base::NotFiniteError("the network's score of a perturbed image is not a finite number");
  return scores;
}

at::Tensor area_under(const Curve& curve, Area area) {
  const at::Tensor between = (curve.scores.narrow(1, 1, curve.scores.size(1) - 1) +
                              curve.scores.narrow(1, 0, curve.scores.size(1) - 1)) /
                             2;
  if (area == Area::equal_steps) return between.mean(1);
  const at::Tensor widths = curve.fractions.diff();
  return (between * widths).sum(1) / widths.sum();
}

}  // namespace

CurveOptions curve_preset(std::string_view name, Game game) {
  CurveOptions options;
  if (name == "paper") {
    if (game == Game::insertion) options.baseline = Baseline::blur;
    return options;
  }
  if (name == "xplique") {
    options.score = Score::logit;
    options.steps = 10;
    options.area = Area::equal_steps;
    return options;
  }
  if (name == "torch-cam") {
    options.steps = 20;
    return options;
  }
  base::fail("there are no deletion and insertion settings named '{}'{}", name,
             base::nearest_hint(name, {"paper", "xplique", "torch-cam"}));
}

Curve perturbation_curve(Game game, const ScoreFunction& score, const at::Tensor& images,
                         const at::Tensor& maps, const at::Tensor& targets,
                         const CurveOptions& options) {
  const Score kind = options.score;
  return perturbation_curves(game, score, images, maps, targets, options, {&kind, 1}).front();
}

std::vector<Curve> perturbation_curves(Game game, const ScoreFunction& score,
                                       const at::Tensor& images, const at::Tensor& maps,
                                       const at::Tensor& targets, const CurveOptions& options,
                                       std::span<const Score> kinds) {
  check_inputs(images, maps, targets);
  const at::NoGradGuard no_grad;
  const auto changed = counts(options, images.size(2), images.size(3));
  const auto points = static_cast<std::int64_t>(changed.size());
  const std::int64_t runs = images.size(0) * points;
  const at::Tensor places = places_of(maps).to(images.device());
  const at::Tensor empty = baseline_images(images, options);
  const at::Tensor& from = game == Game::deletion ? images : empty;
  const at::Tensor& to = game == Game::deletion ? empty : images;
  const at::Tensor amounts = at::tensor(changed, at::kLong);
  const at::Tensor labels = targets.to(at::kCPU);

  std::vector<Curve> curves(kinds.size());
  for (auto& curve : curves) {
    curve.fractions =
        amounts.to(at::kDouble) / static_cast<double>(images.size(2) * images.size(3));
    curve.scores = at::empty({images.size(0), points}, at::kDouble);
  }
  for (std::int64_t first = 0; first < runs; first += options.batch) {
    const std::int64_t batch = std::min(options.batch, runs - first);
    const at::Tensor run = at::arange(first, first + batch);
    const at::Tensor image = run.div(points, "floor");
    const at::Tensor where = image.to(images.device());
    const at::Tensor amount =
        amounts.index_select(0, run.remainder(points)).to(images.device()).view({batch, 1, 1, 1});
    const at::Tensor turned = places.index_select(0, where).unsqueeze(1).lt(amount);
    const at::Tensor mixed =
        at::where(turned, to.index_select(0, where), from.index_select(0, where));
    const at::Tensor logits = logits_of(score, mixed), label = labels.index_select(0, image);
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      curves[k]
          .scores.view({runs})
          .narrow(0, first, batch)
          .copy_(target_scores(logits, label, kinds[k]));
    }
  }
  for (auto& curve : curves) curve.area = area_under(curve, options.area);
  return curves;
}

}  // namespace ranklens::metrics
