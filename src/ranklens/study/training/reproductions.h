#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/study/training/trials.h"

/// The published experiments that are made of trainings.
namespace ranklens::study::reproductions {

/// How much of an experiment is run: all of it; about two minutes for people; as little as shows
/// that it works, on generated images.
enum class Extent { full, quick, smoke };

struct Options {
  Extent extent = Extent::full;
  /// Where the images are: "mnist:DIR", "cifar10:DIR"; not needed for Extent::smoke.
  std::string data = {};
  std::uint64_t first_seed = 1;
  std::int64_t seeds = 0;  ///< 0: as many as the published experiment has, or the extent
};

/// A row of a published table.
struct Published {
  std::string arm;      ///< of the trials beside it
  double accuracy = 0;  ///< share of the test images
  double saved = 0;     ///< 1 - r (m + n) / (m n) over the weights
};

/// An experiment with what it is compared with.
struct Reproduction {
  Trials trials;
  std::vector<Published> published = {};
};

/// LeNet5 on MNIST with ranks found by nine tolerances (Schotthöfer, Zangrando, Kusch, Ceruti,
/// Tudisco 2022, in the runs published with the authors' PyTorch code), at the true count of its
/// weights.
Reproduction lenet_dlrt(const Options& options);
/// Fixed rank 20 from singular values that decay, by descent on U and V and by integrators.
Reproduction uv_vs_dlrt(const Options& options);
/// Dense networks of five layers on MNIST, ranks found by eight tolerances, one phase.
Reproduction mlp_dlrt(const Options& options);
/// A dense network cut to rank 20, then trained at that rank.
Reproduction train_from_prune(const Options& options);
/// What tuning the cores alone changes after ranks were found, on CIFAR-10.
Reproduction fine_tune_effect(const Options& options);

/// Novikov, Podoprikhin, Osokin, Vetrov 2015, section 6.1: two layers as tensor trains on MNIST.
Reproduction novikov_mnist(const Options& options);

/// Stoudenmire, Schwab 2016: a matrix product state tells digits apart, by two-site sweeps and by
/// Adam.
Reproduction mps_mnist(const Options& options);

struct Entry {
  const char* name;
  const char* text;
  Reproduction (*make)(const Options&);
};
const std::vector<Entry>& all();

/// Parts that experiments share.

/// The seeds: `first_seed` and those that follow, as many as published, fewer where it is shorter.
std::vector<std::uint64_t> seeds_of(const Options& options, std::int64_t published,
                                    std::int64_t shorter = 2);
/// All grey images of the data, train and test together; for a smoke a few generated ones, for
/// quick `quick_limit` of them.
/// `side`: scaled to so many pixels; 0: as they are.
data::Dataset grey_images(const Options& options, std::int64_t quick_limit, std::int64_t side = 0);
/// How the images of trials are divided and shown.
struct GreyImages {
  double validation = 1. / 7, test = 1. / 7;  ///< shares, drawn anew for every seed
  std::int64_t side = 0;                      ///< of grey_images
};
/// Trials, none yet, that learn from grey images (7000 of them for quick).
Trials grey_trials(const char* name, const Options& options, const GreyImages& how = {});
/// Epochs of an extent.
std::int64_t epochs_of(const Options& options, std::int64_t full, std::int64_t quick);

}  // namespace ranklens::study::reproductions
