#include "study_options.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/text.h"
#include "ranklens/data/open.h"
#include "ranklens/study/arms.h"

#include "checks.h"
#include "seeds.h"
#include "values.h"

namespace ranklens::app {
namespace {

std::vector<double> parse_rates(const std::string& text) {
  std::vector<double> rates;
  for (const auto& part : split_list(text)) {
    const auto value = base::parse_number<double>(part);
    base::require(value.has_value(),
                  "'{}' is no factor on the learning rate; write one or several (--rates 0.3,1,3)",
                  part);
    rates.push_back(*value);
  }
  return rates;
}

}  // namespace

void StudyOptions::refuse_empty() const {
  for (const auto* option : lists) {
    base::require(option->count() == 0 || !option->as<std::string>().empty(),
                  "{} was given nothing; leave it out for the default", option->get_name());
  }
}

study::Config StudyOptions::config() const {
  refuse_empty();
  auto config = study::preset(preset);
  if (!data.empty()) config.data = data;
  if (!title.empty()) config.title = title;
  for (const auto& text : recipes) {
    config.recipes.push_back(text);
    if (arms.empty()) config.arms.push_back(study::read_recipe(text).name);
  }
  if (!arms.empty()) config.arms = split_list(arms);
  if (seed != nullptr && seed->count() > 0) {
    const auto count = seeds.empty() ? config.seeds.size() : kMostSeeds;
    config.seeds = consecutive(common.seed, count);
  }
  if (!seeds.empty()) config.seeds = parse_seeds(seeds, config.seeds);
  if (!rates.empty()) config.rates = parse_rates(rates);
  if (rate_seeds > 0) config.rate_seeds = rate_seeds;
  if (!optimiser.empty()) config.optimiser = optimiser;
  if (!schedule.empty()) config.schedule = schedule;
  if (clip_norm >= 0) config.clip_norm = clip_norm;
  if (!methods.empty()) config.methods = split_list(methods);
  if (!images.empty()) config.images = images;
  if (width > 0) config.width = width;
  if (batch > 0) config.batch = batch;
  if (dropout >= 0) config.dropout = dropout;
  if (epochs > 0) {
    // A preset's recipe stays as long as it is: fewer epochs are a part of it.
    config.full_epochs = std::max(config.full_epochs, epochs);
    config.epochs = epochs;
  }
  if (full_epochs > 0) config.full_epochs = full_epochs;
  if (accuracy_margin > 0) config.accuracy_margin = accuracy_margin;
  if (crop >= 0) config.crop = crop;
  if (flip) config.flip = true;
  if (grey) config.grey = true;
  if (low_memory) config.low_memory = true;
  if (size > 0) config.size = size;
  base::require(common.compute_dtype() != c10::kDouble,
                "a study trains in float32 or bfloat16, not in {}", common.dtype);
  if (common.dtype == "bfloat16") config.compute = "bfloat16";
  if (!compute.empty()) config.compute = compute;
  study::check(config);
  return config;
}

void add_study_options(CLI::App& command, StudyOptions& options) {
  command.add_option("--data", options.data, data::kSources);
  command.add_option("--arms", options.arms,
                     "dense, tt-matched, low-rank, tt, tt-trunk, and recipes by name; the first is "
                     "compared with");
  command
      .add_option("--recipes", options.recipes,
                  "an arm of your own, 'NAME = NETWORK @ OPTIMISER with LAYERS': 'bug = lenet5 @ "
                  "bug(tau=0.1) with conv*: low_rank(r=16)'; may be given again")
      ->allow_extra_args(false);
  command.add_option("--seeds", options.seeds, "how many, or which: 5 or 7,8,9");
  command.add_option("--rates", options.rates,
                     "factors on the arms' learning rates; of several, such as 0.3,1,3, each arm's "
                     "best is chosen before the seeds, from seed 0 and a tenth of the training "
                     "images (the preset's; 1)");
  command
      .add_option("--rate-seeds", options.rate_seeds,
                  "how many seeds choose, by their mean: 0 and those after 1000000000 (1); with "
                  "one the choice between close rates is luck")
      ->check(whole_number(1));
  auto* seed = command.get_option("--seed");
  seed->default_str(std::to_string(study::preset(options.preset).seeds.front()));
  seed->description(
      "the first of the seeds, the others follow; same seed, same threads: same bytes");
  options.seed = seed;
  command.get_option("--dtype")->description("train in float32 or bfloat16");
  command
      .add_option(
          "--epochs", options.epochs,
          "passes over the training images; with fewer than the preset's recipe has, claims "
          "about converged accuracy stay undecided")
      ->check(whole_number(1));
  command
      .add_option("--full-epochs", options.full_epochs,
                  "epochs of the recipe (the preset's; --epochs where that is more): to say that "
                  "fewer are the whole of it")
      ->check(whole_number(1));
  command.add_option("--width", options.width, "channels of the first convolutions")
      ->check(whole_number(1));
  command.add_option("--batch", options.batch, "images a step")->check(whole_number(1));
  command.add_option("--dropout", options.dropout, "factor on the published dropout rates")
      ->check(number(0, 1));
  command.add_option("--optimiser", options.optimiser,
                     "such as adam(lr=1e-3) or sgd(lr=0.1,momentum=0.9)");
  command.add_option("--schedule", options.schedule, "constant, cosine, ...");
  command
      .add_option("--clip-norm", options.clip_norm,
                  "largest norm of all gradients together (0: any)")
      ->check(number(0, kAnyNumber));
  command.add_option("--compute", options.compute, "train in float32 or bfloat16; as --dtype");
  command.add_option("--methods", options.methods,
                     "of explanation, such as gradcam,smoothgrad(samples=20)");
  command.add_option("--images", options.images, "to explain: test:64, train:64-79,label=6:16");
  command
      .add_option("--accuracy-margin", options.accuracy_margin,
                  "difference up to which accuracies count as matched, as a fraction")
      ->check(number_above_zero());
  command.add_option("--title", options.title, "of the page");
  command.add_option("--memory", options.memory, "that sampling may use")->capture_default_str();
  command.add_option("--work", options.work, "where checkpoints and networks go (OUT/work)");
  command.add_flag("--grey", options.grey, "train on grey images");
  command.add_option("--crop", options.crop, "move training images by up to so many pixels")
      ->check(whole_number(0, 4096));
  command.add_flag("--flip", options.flip, "mirror every second training image");
  command.add_flag("--low-memory", options.low_memory,
                   "in training, weights in factors keep only their input for the backward pass: "
                   "less memory, slower");
  command
      .add_option("--size", options.size,
                  "scale and crop images to so many pixels a side (0: leave)")
      ->check(whole_number(0, 4096));
  for (const auto* name : {"--data", "--arms", "--seeds", "--methods", "--images", "--optimiser",
                           "--schedule", "--compute", "--rates"}) {
    options.lists.push_back(command.get_option(name));
  }
}

}  // namespace ranklens::app
