#include "ranklens/explain/smooth_grad.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/explain/executor.h"
#include "ranklens/explain/finish.h"
#include "ranklens/explain/option_fields.h"
#include "ranklens/explain/scores.h"

namespace ranklens::explain {
namespace {

// [N,1,1,1]: the standard deviation of each image's noise.
at::Tensor deviations(const at::Tensor& images, const SmoothGrad& options) {
  if (options.unit == NoiseUnit::absolute || images.size(0) == 0) {
    return at::full({images.size(0), 1, 1, 1}, options.sigma, images.options());
  }
  const at::Tensor flat = images.flatten(1);
  return ((flat.amax(1) - flat.amin(1)) * options.sigma).view({-1, 1, 1, 1});
}

// Standard normal noise of some runs. An image's noise does not depend on what else is explained,
// nor on how the runs are cut into chunks.
class Noise {
 public:
  Noise(const SmoothGrad& options, const at::Tensor& images)
      : options_(options), stream_(options.seed, "noise", "smoothgrad"), images_(images) {
    if (!options.noise.defined()) return;
    auto sizes = images.sizes().vec();
    sizes.insert(sizes.begin(), options.samples);
    base::require(
        options.noise.sizes() == at::IntArrayRef(sizes),
        "the noise given to SmoothGrad must be [samples, images, channels, height, width]");
  }

  at::Tensor of(const Runs& runs) const {
    auto sizes = images_.sizes().vec();
    const std::int64_t numbers = images_[0].numel();
    sizes[0] = runs.count;
    at::Tensor noise = at::empty(sizes, images_.options().device(at::kCPU));
    const std::int64_t samples = options_.samples;
    for (std::int64_t k = 0; k < runs.count; ++k) {
      const std::int64_t image = (runs.first + k) / samples;
      const std::int64_t sample = (runs.first + k) % samples;
      if (options_.noise.defined()) {
        noise[k].copy_(options_.noise[sample][image]);
        continue;
      }
      base::Stream own =
          stream_.child("image", options_.first_image + static_cast<std::uint64_t>(image));
      own.seek(static_cast<std::uint64_t>(sample * numbers));
      noise[k].copy_(own.normal(images_.sizes().slice(1)));
    }
    return noise.to(images_.device());
  }

 private:
  const SmoothGrad& options_;
  base::Stream stream_;
  const at::Tensor& images_;
};

// Running sums of what the average needs.
struct Sums {
  at::Tensor first;   // of g or |g|
  at::Tensor second;  // of g^2

  void add(const at::Tensor& image, const at::Tensor& gradients, Average average) {
    const at::Tensor where = image.to(gradients.device());
    if (average == Average::absolute) {
      first.index_add_(0, where, gradients.abs());
    } else if (average != Average::square) {
      first.index_add_(0, where, gradients);
    }
    if (average == Average::square || average == Average::variance) {
      second.index_add_(0, where, gradients.square());
    }
  }

  at::Tensor result(Average average, std::int64_t samples) const {
    const auto n = static_cast<double>(samples);
    if (average == Average::square) return second / n;
    if (average != Average::variance) return first / n;
    return (second / n - (first / n).square()).clamp_min(0);
  }
};

}  // namespace

SmoothGrad smooth_grad_preset(std::string_view name) {
  SmoothGrad options;
  options.preset = name;
  if (name == "paper") return options;
  if (name == "captum") {
    options.samples = 5;
    options.sigma = 1;
    options.unit = NoiseUnit::absolute;
    options.average = Average::absolute;
    options.finish = {.channels = Channels::none};
    return options;
  }
  if (name == "tf-keras-vis") {
    options.samples = 20;
    options.sigma = 0.2;
    options.average = Average::absolute;
    options.finish = {.channels = Channels::max, .scale = true};
    return options;
  }
  if (name == "pair") {
    options.samples = 25;
    options.average = Average::square;
    options.finish = {.channels = Channels::sum, .clip_percentile = 99, .scale = true};
    return options;
  }
  unknown_preset("smoothgrad", name);
}

Attribution attribute(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, const SmoothGrad& options,
                      const Execution& execution) {
  base::require(options.samples > 0, "SmoothGrad needs at least one sample, got {}",
                options.samples);
  base::require(options.sigma >= 0, "the noise of SmoothGrad must not be negative, got {}",
                options.sigma);
  const bool sums_signs = options.average == Average::signed_mean;
  Attribution result = described("smoothgrad", stays_signed(options.finish, sums_signs), options);
  const nn::Network frozen = explained(network, images, targets, result.notes);
  const at::Tensor pixels = images.detach();
  const at::Tensor sigma = deviations(pixels, options);
  const Noise noise(options, pixels);
  // The sum of squares of small gradients would lose the variance in float32.
  Sums sums{at::zeros_like(pixels, pixels.options().dtype(at::kDouble)),
            at::zeros_like(pixels, pixels.options().dtype(at::kDouble))};
  for_each_gradient(
      frozen, targets, options.samples, result.method, execution,
      [&](const Runs& runs) {
        const at::Tensor where = runs.image.to(pixels.device());
        return pixels.index_select(0, where) + sigma.index_select(0, where) * noise.of(runs);
      },
      [&](const Runs& runs, const at::Tensor& gradients) {
        sums.add(runs.image, gradients.to(at::kDouble), options.average);
      });
  const at::Tensor mean = sums.result(options.average, options.samples).to(pixels.scalar_type());
  result.maps = finished(mean, options.finish);
  return result;
}

}  // namespace ranklens::explain
