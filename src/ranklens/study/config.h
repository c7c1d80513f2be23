#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace ranklens::study {

/// What others printed of a network in a setting of theirs.
struct PublishedResult {
  std::string network, setting;
  double accuracy = 0;  ///< share of the test images
  double saved = 0;     ///< share of the weights, as printed; 0: not printed
};

/// A comparison of arms over seeds. Every field but the last two, which a preset sets, is a flag of
/// the command line, with dashes for underscores, and so a key of its TOML file.
struct Config {
  std::string title = "Does compression change what a network sees?";
  /// As data::open() reads it.
  std::string data = "scenes:train=8000,test=1000";
  bool grey = false;
  /// Images are scaled and cropped to so many pixels a side; 0: they are square already.
  std::int64_t size = 0;
  /// Names of study/arms.h; the first one is the reference.
  std::vector<std::string> arms = {"dense", "tt-matched", "low-rank", "tt"};
  /// Arms of the study's own, as study::read_recipe() reads them; `arms` names those that take
  /// part.
  std::vector<std::string> recipes = {};
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  /// Factors on the learning rate, of which each arm's best is chosen before the seeds, by
  /// trainings from seeds that are not judged and a held-out part of the training images
  /// (study/rates.h). One is taken as it is, none is 1.
  std::vector<double> rates = {};
  /// Seeds that choose among several of them, by the mean of their held-out losses. With one, the
  /// choice between close rates is luck.
  std::int64_t rate_seeds = 1;
  /// Channels of the first convolutions: 32 is the published width.
  std::int64_t width = 16;
  std::int64_t epochs = 6;
  /// Epochs of the full recipe, after which a network counts as converged: with fewer, claims about
  /// converged accuracy stay undecided.
  std::int64_t full_epochs = 6;
  std::int64_t batch = 64;
  /// Factor on the published dropout rates; they slow a short training down.
  double dropout = 0.25;
  std::string optimiser = "adam(lr=2e-3)";
  std::string schedule = "cosine";
  /// The largest norm of all gradients together, as `train --clip-norm` has it; 0: any.
  double clip_norm = 0;
  /// Augmentation of the training images: moved by up to so many pixels, mirrored.
  std::int64_t crop = 0;
  bool flip = false;
  std::string compute = "float32";
  /// Weights in factors keep nothing but their input between the passes of a training step.
  bool low_memory = false;

  std::vector<std::string> methods = {"gradcam", "smoothgrad"};
  /// Which images are explained: "test:64" are the first 64 held-out ones; "train:64-79,label=6:16"
  /// are items 64 to 79 of the training file and the first 16 of class 6.
  std::string images = "test:64";
  /// Accuracies count as matched within this difference, as a fraction.
  double accuracy_margin = 0.02;

  std::int64_t needed_seeds = 5;  ///< without which there is no verdict
  std::vector<PublishedResult> published = {};
};

/// Seeds of the trainings that choose learning rates, which no arm is judged by: the first, and the
/// number that further ones follow.
inline constexpr std::uint64_t kRateSeed = 0;
inline constexpr std::uint64_t kFurtherRateSeeds = 1'000'000'000;
/// As many as Config::rate_seeds says.
std::vector<std::uint64_t> rate_seeds(const Config& config);

/// Every field under its name.
nlohmann::json to_json(const Config& config);
/// Throws unless the values make sense together.
void check(const Config& config);

/// What all finished cells depend on: all but the title, the arms, their recipes and the seeds,
/// which may be added to, and the folder that the data lie in (cells keep the data's hash).
nlohmann::json identity(const Config& config);
/// What a finished cell of an arm depends on: identity(), and its recipe where it has one.
nlohmann::json identity(const Config& config, const std::string& arm);

/// Studies with a name: the default "demo" (a few minutes); "paper", the published networks (whose
/// recipe has 50 epochs; as many as the default are trained unless told otherwise); the hackathon's
/// own setting; "tt-optimisers" and "mps-optimisers", one network under several optimisers;
/// "cifar-dlrt", "cifar100-dlrt", "tiny-imagenet-dlrt" and "imagenet-dlrt", ranks found by
/// tolerances (study/dlrt_presets.h).
Config preset(const std::string& name);
std::vector<std::string> preset_names();

}  // namespace ranklens::study
