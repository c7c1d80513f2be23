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

void check_noise(const SmoothGrad& options, const at::Tensor& images) {
  if (!options.noise.defined()) return;
  auto sizes = images.sizes().vec();
  sizes.insert(sizes.begin(), options.samples);
  base::require(options.noise.sizes() == at::IntArrayRef(sizes),
                "the noise given to SmoothGrad must be [samples, images, channels, height, width]");
}

// Standard normal noise of some runs. An image's noise does not depend on what else is explained,
// nor on how the images are cut into blocks and the runs into chunks.
class Noise {
 public:
  // `images` are those from number `first` on.
  Noise(const SmoothGrad& options, const at::Tensor& images, std::int64_t first)
      : options_(options),
        stream_(options.seed, "noise", "smoothgrad"),
        images_(images),
        first_(first) {}

  at::Tensor of(const Runs& runs) const {
    auto sizes = images_.sizes().vec();
    const std::int64_t numbers = images_[0].numel();
    sizes[0] = runs.count;
    at::Tensor noise = at::empty(sizes, images_.options().device(at::kCPU));
    const std::int64_t samples = options_.samples;
    for (std::int64_t k = 0; k < runs.count; ++k) {
      const std::int64_t image = first_ + (runs.first + k) / samples;
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
  std::int64_t first_;
};

// Running sums of what the average needs, [N,C,H,W] float64: a sum of squares of small gradients
// would lose the variance in float32.
class Sums {
 public:
  Sums(const at::Tensor& images, Average average) : average_(average) {
    const auto zeros = [&] { return at::zeros_like(images, images.options().dtype(at::kDouble)); };
    if (average != Average::square) first_ = zeros();
    if (squares(average)) second_ = zeros();
  }

  static bool squares(Average average) {
    return average == Average::square || average == Average::variance;
  }
  // Bytes of the sums of one image of so many numbers, and of the average that is taken of them.
  static std::int64_t bytes(Average average, std::int64_t numbers) {
    return numbers * (average == Average::variance ? 4 : 2) *
           static_cast<std::int64_t>(sizeof(double));
  }

  void add(const at::Tensor& image, const at::Tensor& gradients) {
    const at::Tensor where = image.to(gradients.device());
    if (first_.defined())
      first_.index_add_(0, where, average_ == Average::absolute ? gradients.abs() : gradients);
    if (second_.defined()) second_.index_add_(0, where, gradients.square());
  }

  // The average, in the place of the sums.
  at::Tensor result(std::int64_t samples) {
    const auto n = static_cast<double>(samples);
    if (average_ == Average::square) return second_.div_(n);
    first_.div_(n);
    if (average_ != Average::variance) return first_;
    return second_.div_(n).sub_(first_.square_()).clamp_min_(0);
  }

 private:
  Average average_;
  at::Tensor first_;   // of g or |g|
  at::Tensor second_;  // of g^2
};

// Maps of the images from number `first` on.
at::Tensor block_maps(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, std::int64_t first, const SmoothGrad& options,
                      const Execution& execution) {
  const at::Tensor sigma = deviations(images, options);
  const Noise noise(options, images, first);
  Sums sums(images, options.average);
  for_each_gradient(
      network, targets, options.samples, "smoothgrad", execution,
      [&](const Runs& runs) {
        const at::Tensor where = runs.image.to(images.device());
        return images.index_select(0, where) + sigma.index_select(0, where) * noise.of(runs);
      },
      [&](const Runs& runs, const at::Tensor& gradients) {
        sums.add(runs.image, gradients.to(at::kDouble));
      });
  return finished(sums.result(options.samples).to(images.scalar_type()), options.finish);
}

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
  check_noise(options, pixels);
  const std::int64_t numbers = pixels.size(1) * pixels.size(2) * pixels.size(3);
  result.maps =
      by_blocks(pixels.size(0), Sums::bytes(options.average, numbers), execution,
                [&](std::int64_t first, std::int64_t count, const Execution& rest) {
                  return block_maps(frozen, pixels.narrow(0, first, count),
                                    targets.narrow(0, first, count), first, options, rest);
                });
  return result;
}

}  // namespace ranklens::explain
