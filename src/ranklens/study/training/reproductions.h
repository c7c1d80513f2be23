#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <c10/core/Device.h>

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
  /// None: as many from the first on as the published experiment has, or the extent.
  std::vector<std::uint64_t> seeds = {};
  /// Others, whose results are told of where they are there.
  std::vector<std::uint64_t> more_seeds = {};
  std::vector<std::string> arms = {};  ///< none: those that the experiment has without being asked
  at::Device device = at::kCPU;        ///< that networks are trained on
};

/// A printed accuracy on the test images: a share, a mean over runs where their number is known.
struct PublishedAccuracy {
  double mean = 0;
  double deviation = 0;  ///< over the runs, with n - 1; 0: not printed
};

/// A row of a published table.
struct Published {
  std::string arm;        ///< of the trials beside it
  double accuracy = 0;    ///< share of the test images, at the end
  double saved = 0;       ///< 1 - r (m + n) / (m n) over the weights
  double deviation = 0;   ///< of `accuracy` over the runs, with n - 1; 0: not printed
  std::int64_t runs = 0;  ///< 0: not printed
  /// By the name of a phase, where there are several.
  std::map<std::string, PublishedAccuracy> phases = {};
  /// By the number of epochs behind it, as many runs.
  std::map<std::int64_t, PublishedAccuracy> curve = {};
};

/// An experiment with what it is compared with.
struct Reproduction {
  Trials trials;
  std::vector<Published> published = {};
  /// Runs of an arm in the whole experiment, and of arms that have fewer or more of them.
  std::int64_t seeds = 3;
  std::map<std::string, std::int64_t> seeds_of_arm = {};
  Extent extent = Extent::full;
};

/// Seeds without which there is no verdict on an arm: five, or all of the whole experiment.
std::int64_t needed_seeds(const Reproduction& reproduction, const std::string& arm);

/// LeNet5 on MNIST with ranks found by ten tolerances (Schotthöfer, Zangrando, Kusch, Ceruti,
/// Tudisco 2022, in the runs published with the authors' PyTorch code), at the true count of its
/// weights.
Reproduction lenet_dlrt(const Options& options);
/// Fixed rank 20 from singular values that decay, by descent on U and V and by integrators.
Reproduction uv_vs_dlrt(const Options& options);
/// Dense networks of five layers on MNIST, ranks found by nine tolerances, one phase.
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

/// An experiment by its name, its arms those that were asked for, on the device. `make` is an Error
/// for an arm that it does not have, and for another device than the processor where a trial
/// trains in a way of its own.
struct Entry {
  const char* name;
  const char* text;
  Reproduction (*make)(const Options&);
};
const std::vector<Entry>& all();

/// Parts that experiments share.

/// The seeds that were asked for, or `first_seed` and those that follow, as many as published,
/// fewer where it is shorter; then those of `more_seeds`.
std::vector<std::uint64_t> seeds_of(const Options& options, std::int64_t published,
                                    std::int64_t shorter = 2);

bool is_among(const std::vector<std::uint64_t>& seeds, std::uint64_t seed);
/// Grey images of the data, train and test together unless `split` says which; for a smoke a few
/// generated ones, for quick `quick_limit` of them.
/// `side`: scaled to so many pixels; 0: as they are.
data::Dataset grey_images(const Options& options, std::int64_t quick_limit, std::int64_t side = 0,
                          data::Split split = data::Split::all);
/// How the images of trials are divided and shown.
struct GreyImages {
  double validation = 1. / 7, test = 1. / 7;  ///< shares of all images
  std::int64_t side = 0;                      ///< of grey_images
  /// Told of are the data's own test images, chosen by the last `validation` (a share of the
  /// training images, may be 0), the same for every seed. Otherwise both are drawn anew for each.
  bool own_parts = false;
};
/// Trials, none yet, that learn from grey images (7000 of them for quick).
Trials grey_trials(const char* name, const Options& options, const GreyImages& how = {});
/// Epochs of an extent.
std::int64_t epochs_of(const Options& options, std::int64_t full, std::int64_t quick);
/// Full batches in `epochs` of an extent, at least 1: in the whole experiment `full` an epoch, in
/// shorter ones as many as the images of the trials have.
std::int64_t steps_of(const Options& options, const Trials& trials, const train::FitOptions& fit,
                      std::int64_t epochs, std::int64_t full);

}  // namespace ranklens::study::reproductions
