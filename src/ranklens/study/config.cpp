#include "ranklens/study/config.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/data/open.h"
#include "ranklens/explain/methods.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/schedule.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/keys.h"
#include "ranklens/study/selection.h"
#include "ranklens/train/compute.h"

namespace ranklens::study {
namespace {

template <class T>
bool all_different(const std::vector<T>& values) {
  return std::set<T>(values.begin(), values.end()).size() == values.size();
}

constexpr std::int64_t kMostRateSeeds = 100;

void require_rates(const Config& config) {
  for (const double rate : config.rates) {
    base::require(rate > 0 && std::isfinite(rate),
                  "factors on the learning rate are above 0, not {}", rate);
  }
  base::require(all_different(config.rates), "factors on the learning rate are given once each");
  base::require(config.rate_seeds >= 1 && config.rate_seeds <= kMostRateSeeds,
                "1 to {} seeds choose a learning rate, not {}", kMostRateSeeds, config.rate_seeds);
  base::require(config.rate_seeds == 1 || config.rates.size() > 1,
                "{} seeds choose among several factors on the learning rate (--rates 0.3,1,3); "
                "there is nothing to choose",
                config.rate_seeds);
  if (config.rates.size() < 2) return;
  for (const auto seed : rate_seeds(config)) {
    base::require(std::find(config.seeds.begin(), config.seeds.end(), seed) == config.seeds.end(),
                  "seed {} chooses the learning rates and is not judged: take other seeds, or one "
                  "rate",
                  seed);
  }
}

}  // namespace

std::vector<std::uint64_t> rate_seeds(const Config& config) {
  std::vector<std::uint64_t> seeds{kRateSeed};
  for (std::int64_t k = 1; k < config.rate_seeds; ++k)
    seeds.push_back(kFurtherRateSeeds + static_cast<std::uint64_t>(k));
  return seeds;
}

nlohmann::json to_json(const Config& config) {
  return {{"title", config.title},
          {"data", config.data},
          {"grey", config.grey},
          {"size", config.size},
          {"arms", config.arms},
          {"recipes", config.recipes},
          {"seeds", config.seeds},
          {"rates", config.rates},
          {"rate_seeds", config.rate_seeds},
          {"width", config.width},
          {"epochs", config.epochs},
          {"full_epochs", config.full_epochs},
          {"batch", config.batch},
          {"dropout", config.dropout},
          {"optimiser", config.optimiser},
          {"schedule", config.schedule},
          {"clip_norm", config.clip_norm},
          {"crop", config.crop},
          {"flip", config.flip},
          {"compute", config.compute},
          {"low_memory", config.low_memory},
          {"methods", config.methods},
          {"images", config.images},
          {"accuracy_margin", config.accuracy_margin}};
}

void check(const Config& config) {
  base::require(!config.arms.empty() && all_different(config.arms),
                "a study needs arms, each named once");
  base::require(!config.seeds.empty() && all_different(config.seeds),
                "a study needs seeds, each given once");
  std::vector<std::string> recipes;
  for (const auto& text : config.recipes) recipes.push_back(read_recipe(text).name);
  base::require(all_different(recipes), "a study's recipes have a name each, and no two the same");
  for (const auto& name : config.arms) arm(config, name);
  require_rates(config);
  base::require(config.width >= 8 && config.width % 8 == 0,
                "the width must be a multiple of 8, not {}", config.width);
  base::require(config.size >= 0 && config.size <= 4096,
                "images have 1 to 4096 pixels a side (0: as they are), not {}", config.size);
  base::require(config.epochs >= 1 && config.epochs <= config.full_epochs,
                "epochs must be from 1 to full_epochs ({}), not {}", config.full_epochs,
                config.epochs);
  base::require(config.batch >= 2, "a batch needs at least two images, not {}", config.batch);
  base::require(config.crop >= 0 && config.crop <= 4096, "crop must be from 0 to 4096, not {}",
                config.crop);
  base::require(config.dropout >= 0 && config.dropout <= 1,
                "dropout must be from 0 to 1 (1: the published rates), not {}", config.dropout);
  base::require(config.clip_norm >= 0 && std::isfinite(config.clip_norm),
                "clip_norm must be 0 (none) or more, not {}", config.clip_norm);
  std::vector<std::string> methods;
  for (const auto& spec : config.methods) methods.push_back(method_name(spec));
  base::require(!methods.empty() && all_different(methods),
                "a study needs methods, each named once (whatever its options)");
  for (const auto& name : methods) explain::find_method(name);
  selection_split(config.images);
  optim::make_optimiser(config.optimiser);
  optim::make_schedule(config.schedule);
  train::parse_compute(config.compute);
  base::require(config.accuracy_margin > 0 && config.accuracy_margin < 1,
                "accuracy_margin must be between 0 and 1, not {}", config.accuracy_margin);
}

nlohmann::json identity(const Config& config) {
  auto object = to_json(config);
  for (const char* key : {"title", "arms", "recipes", "seeds", "accuracy_margin", "full_epochs"})
    object.erase(key);
  // A key that came later is left out at its old value, so that older folders stay good.
  if (config.dropout == 1) object.erase("dropout");
  if (config.size == 0) object.erase("size");
  if (!config.low_memory) object.erase("low_memory");
  if (config.clip_norm == 0) object.erase("clip_norm");
  if (config.rate_seeds == 1) object.erase("rate_seeds");
  if (config.crop == 0) object.erase("crop");
  if (!config.flip) object.erase("flip");
  if (config.rates.empty() || config.rates == std::vector<double>{1}) object.erase("rates");
  object["data"] = data::without_place(config.data);
  return object;
}

nlohmann::json identity(const Config& config, const std::string& name) {
  auto object = identity(config);
  if (const auto own = arm(config, name); own.recipe) object["recipe"] = recipe_text(own);
  return object;
}

}  // namespace ranklens::study
