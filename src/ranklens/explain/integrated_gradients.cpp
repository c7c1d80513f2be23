#include "ranklens/explain/integrated_gradients.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/lerp.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/explain/executor.h"
#include "ranklens/explain/finish.h"
#include "ranklens/explain/option_fields.h"
#include "ranklens/explain/scores.h"

namespace ranklens::explain {
namespace {

at::Tensor path_starts(const at::Tensor& images, const IntegratedGradients& options) {
  if (options.baselines.defined()) {
    const at::Tensor& given = options.baselines;
    const bool fits = given.dim() == 4 && given.sizes().slice(1) == images.sizes().slice(1) &&
                      (given.size(0) == 1 || given.size(0) == images.size(0));
    base::require(fits, "the baselines of integrated gradients must have the images' size");
    return given.detach().to(images.options()).expand_as(images);
  }
  if (options.baseline == PathBaseline::mean) {
    return images.mean({2, 3}, /*keepdim=*/true).expand_as(images);
  }
  return at::full_like(images, options.value);
}

// The mean gradient along the path of every image, [N,C,H,W].
at::Tensor mean_gradients(const nn::Network& network, const at::Tensor& starts,
                          const at::Tensor& ends, const at::Tensor& targets, const Rule& rule,
                          const Execution& execution) {
  const auto steps = static_cast<std::int64_t>(rule.points.size());
  const auto options = ends.options();
  const at::Tensor points = at::tensor(rule.points, at::kDouble).to(options).view({-1, 1, 1, 1});
  const at::Tensor weights = at::tensor(rule.weights, at::kDouble).to(options).view({-1, 1, 1, 1});
  at::Tensor sum = at::zeros_like(ends);
  for_each_gradient(
      network, targets, steps, "integrated_gradients", execution,
      [&](const Runs& runs) {
        const at::Tensor image = runs.image.to(ends.device());
        const at::Tensor point = points.index_select(0, runs.sample.to(ends.device()));
        return at::lerp(starts.index_select(0, image), ends.index_select(0, image), point);
      },
      [&](const Runs& runs, const at::Tensor& gradients) {
        const at::Tensor weight = weights.index_select(0, runs.sample.to(ends.device()));
        sum.index_add_(0, runs.image.to(ends.device()), gradients * weight);
      });
  return sum;
}

// sum(attribution) - (f(x) - f(x')), and one sentence about the largest.
at::Tensor completeness_gap(const nn::Network& network, const at::Tensor& starts,
                            const at::Tensor& ends, const at::Tensor& targets,
                            const at::Tensor& attribution, const Execution& execution,
                            std::vector<std::string>& notes) {
  const at::Tensor change = scores_of(network, ends, targets, execution.memory).to(at::kDouble) -
                            scores_of(network, starts, targets, execution.memory).to(at::kDouble);
  const at::Tensor gap = attribution.to(at::kDouble).flatten(1).sum(1) - change;
  if (gap.numel() > 0) {
    const auto worst = gap.abs().argmax().item<std::int64_t>();
    notes.push_back(
        fmt::format("largest completeness gap {:.3g} (image {}, whose logit changes by "
                    "{:.3g} from its baseline)",
                    gap[worst].item<double>(), worst, change[worst].item<double>()));
  }
  return gap.to(at::kCPU);
}

}  // namespace

IntegratedGradients integrated_gradients_preset(std::string_view name) {
  IntegratedGradients options;
  options.preset = name;
  if (name == "paper") return options;
  if (name == "captum") {
    options.rule = Quadrature::gauss_legendre;
    options.finish = {.channels = Channels::none};
    return options;
  }
  if (name == "pair") {
    options.steps = 25;
    options.rule = Quadrature::ends;
    options.finish = kPairFinish;
    return options;
  }
  unknown_preset("integrated_gradients", name);
}

Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const IntegratedGradients& options,
                      const Execution& execution) {
  Attribution result =
      described("integrated_gradients", stays_signed(options.finish, true), options);
  const nn::Network frozen = explained(network, images, targets, result.notes);
  const Rule rule = quadrature(options.rule, options.steps);
  const at::Tensor ends = images.detach();
  const at::Tensor starts = path_starts(ends, options);
  const at::Tensor mean = mean_gradients(frozen, starts, ends, targets, rule, execution);
  const at::Tensor attribution = (ends - starts) * mean;
  result.completeness_gap =
      completeness_gap(frozen, starts, ends, targets, attribution, execution, result.notes);
  result.maps = finished(attribution, options.finish);
  return result;
}

}  // namespace ranklens::explain
