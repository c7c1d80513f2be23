#include "ranklens/study/training/reproductions.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/data/open.h"

namespace ranklens::study::reproductions {

const std::vector<Entry>& all() {
  static const std::vector<Entry> entries{
      {"lenet-dlrt", "LeNet5 on MNIST, ranks found by nine tolerances", lenet_dlrt},
      {"uv-vs-dlrt", "rank 20 from decaying singular values: U V^T against integrators",
       uv_vs_dlrt},
      {"mlp-dlrt", "dense networks on MNIST, ranks found by eight tolerances", mlp_dlrt},
      {"train-from-prune", "a dense network cut to rank 20 and trained there", train_from_prune},
      {"novikov-mnist", "two layers as tensor trains on MNIST", novikov_mnist},
      {"mps-mnist", "a matrix product state that tells digits apart, by sweeps and by Adam",
       mps_mnist},
      {"fine-tune-effect", "what tuning the cores alone adds, on CIFAR-10", fine_tune_effect}};
  return entries;
}

std::vector<std::uint64_t> seeds_of(const Options& options, std::int64_t published,
                                    std::int64_t shorter) {
  const auto own = options.extent == Extent::full ? published : shorter;
  const auto count = options.seeds > 0 ? options.seeds : own;
  std::vector<std::uint64_t> seeds;
  for (std::int64_t k = 0; k < count; ++k) {
    seeds.push_back(options.first_seed + static_cast<std::uint64_t>(k));
  }
  return seeds;
}

std::int64_t epochs_of(const Options& options, std::int64_t full, std::int64_t quick) {
  if (options.extent == Extent::full) return full;
  return options.extent == Extent::quick ? quick : 1;
}

data::Dataset grey_images(const Options& options, std::int64_t quick_limit, std::int64_t side) {
  if (options.extent == Extent::smoke && options.data.empty()) {
    return data::open(fmt::format("scenes:train=240,test=80,size={}", side > 0 ? side : 28),
                      {.split = data::Split::all, .grey = true});
  }
  base::require(!options.data.empty(), "the experiment's images are needed: --data mnist:DIR");
  auto images = data::open(options.data, {.split = data::Split::all, .grey = true, .size = side});
  if (options.extent == Extent::full) return images;
  // Of all classes and both parts: a mixture that does not depend on the seeds of the trials.
  base::Stream stream(0, "data", "few");
  const auto order = stream.permutation(images.size());
  const auto limit = options.extent == Extent::quick ? quick_limit : 320;
  return data::select(images, order.narrow(0, 0, std::min(limit, images.size())));
}

Trials grey_trials(const char* name, const Options& options, const GreyImages& how) {
  const auto images = std::make_shared<const data::Dataset>(grey_images(options, 7000, how.side));
  return {.name = name,
          .settings = {{"data", images->hash}},
          .data = [images, how](std::uint64_t seed) {
            return split_anew(*images, how.validation, how.test, seed);
          }};
}

}  // namespace ranklens::study::reproductions
