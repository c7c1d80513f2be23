#include "ranklens/study/rates.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/folder.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/json.h"
#include "ranklens/base/json_number.h"
#include "ranklens/data/hold_out.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/folder.h"
#include "ranklens/study/grid.h"
#include "ranklens/study/make_cell.h"
#include "ranklens/train/evaluate.h"

namespace ranklens::study {
namespace {

namespace fs = std::filesystem;

constexpr double kHeldOut = 0.1;

/// One training: an arm at a factor from a seed.
struct RatePlace {
  std::string arm;
  double factor = 1;
  std::uint64_t seed = kRateSeed;
};

std::string place_name(const RatePlace& place) {
  const auto name = fmt::format("{}-x{}", place.arm, place.factor);
  return place.seed == kRateSeed ? name : fmt::format("{}-s{}", name, place.seed);
}

fs::path place_path(const fs::path& folder, const RatePlace& place) {
  return folder / "rates" / (place_name(place) + ".json");
}

/// A training depends on all that a cell does but the other factors and seeds.
std::string place_identity(Config config, const std::string& arm) {
  config.rates.clear();
  config.rate_seeds = 1;
  return identity_digest(config, arm);
}

std::optional<RateTrial> find_place(const Config& config, const fs::path& folder,
                                    const RatePlace& place) {
  const auto path = place_path(folder, place);
  if (!fs::exists(path)) return std::nullopt;
  try {
    const auto object = base::read_json(path);
    base::require(object.at("arm") == place.arm && object.at("factor") == place.factor &&
                      object.value("seed", kRateSeed) == place.seed &&
                      object.at("identity") == place_identity(config, place.arm),
                  "'{}' was made under another configuration", path.string());
    return RateTrial{.arm = place.arm,
                     .factor = place.factor,
                     .loss = base::number_or_nan(object.at("loss")),
                     .accuracy = base::number_or_nan(object.at("accuracy"))};
  } catch (const nlohmann::json::exception&) {
    base::fail("'{}' is no training that chooses a learning rate", path.string());
  }
}

void write_place(const Config& config, const fs::path& folder, const RatePlace& place,
                 const RateTrial& trial, const std::string& data) {
  base::make_folder(folder / "rates");
  base::write_json(place_path(folder, place), {{"arm", place.arm},
                                               {"factor", place.factor},
                                               {"seed", place.seed},
                                               {"identity", place_identity(config, place.arm)},
                                               {"training data", data},
                                               {"loss", base::number_or_null(trial.loss)},
                                               {"accuracy", base::number_or_null(trial.accuracy)}});
}

/// The mean over the seeds, which is no number where one diverged; nothing while one is missing.
std::optional<RateTrial> find_trial(const Config& config, const fs::path& folder,
                                    const std::string& arm, double factor) {
  RateTrial mean{.arm = arm, .factor = factor, .loss = 0, .accuracy = 0};
  const auto seeds = rate_seeds(config);
  for (const auto seed : seeds) {
    const auto one = find_place(config, folder, {arm, factor, seed});
    if (!one) return std::nullopt;
    mean.loss += one->loss;
    mean.accuracy += one->accuracy;
  }
  mean.loss /= static_cast<double>(seeds.size());
  mean.accuracy /= static_cast<double>(seeds.size());
  return mean;
}

/// What an arm was tried at, as far as each result asks for the next.
std::vector<RateTrial> trials_of(const Config& config, const fs::path& folder,
                                 const std::string& arm) {
  std::vector<RateTrial> trials;
  const auto add = [&](double factor) {
    const auto found = find_trial(config, folder, arm, factor);
    if (found) trials.push_back(*found);
    return found.has_value();
  };
  for (const double factor : config.rates) add(factor);
  for (auto next = next_rate(config.rates, trials, arm); next && add(*next);
       next = next_rate(config.rates, trials, arm)) {
  }
  return trials;
}

/// By name, what can be tried now, and is not there.
std::map<std::string, RatePlace> missing_places(const Config& config, const fs::path& folder) {
  std::map<std::string, RatePlace> missing;
  for (const auto& arm : config.arms) {
    auto factors = config.rates;
    if (const auto next = next_rate(config.rates, trials_of(config, folder, arm), arm)) {
      factors.push_back(*next);
    }
    for (const double factor : factors) {
      for (const auto seed : rate_seeds(config)) {
        const RatePlace place{arm, factor, seed};
        if (!find_place(config, folder, place)) missing["rate-" + place_name(place)] = place;
      }
    }
  }
  return missing;
}

/// To three digits, which names of files are made of.
double rounded(double factor) { return std::stod(fmt::format("{:.3g}", factor)); }

struct Parts {
  data::Dataset training, choosing;
};

/// Nothing when interrupted.
std::optional<RateTrial> make_trial(const Config& config, const RunOptions& options,
                                    const Parts& parts, const RatePlace& place) {
  auto fresh = build(arm(config, place.arm), config, parts.training, place.seed);
  fresh.state = fresh.state.to(options.device);
  auto fit = fit_options(config, options, place.arm, place.seed);
  fit.rate = place.factor;
  fit.folder = fit.folder.parent_path() / ("rate-" + place_name(place));
  fit.stage = fmt::format("rate of {}, times {}", place.arm, place.factor);
  const auto trained = train::fit(fresh, parts.training, {}, fit);
  if (trained.ending == train::FitResult::Ending::interrupted) return std::nullopt;
  RateTrial trial{
      .arm = place.arm, .factor = place.factor, .loss = std::nan(""), .accuracy = std::nan("")};
  if (trained.ending == train::FitResult::Ending::diverged) return trial;
  const auto held_out = train::evaluate(trained.last, parts.choosing, {.execution = fit.execution});
  trial.loss = held_out.loss;
  trial.accuracy = held_out.accuracy;
  return trial;
}

}  // namespace

bool chooses_rates(const Config& config) { return config.rates.size() > 1; }

void check_rates(const Config& config, const Material& material) {
  if (chooses_rates(config)) data::hold_out(material.train, kHeldOut);
}

void try_rates(const Config& config, const RunOptions& options, const Material& material) {
  if (!chooses_rates(config) || missing_places(config, options.folder).empty()) return;
  auto [training, choosing] = data::hold_out(material.train, kHeldOut);
  const Parts parts{std::move(training), std::move(choosing)};
  for (auto places = missing_places(config, options.folder);
       !places.empty() && !base::interrupted(); places = missing_places(config, options.folder)) {
    GridWork work{.claims = options.folder / "claims", .note = options.note};
    for (const auto& [name, place] : places) work.names.push_back(name);
    work.finished = [&](const std::string& name) {
      return find_place(config, options.folder, places.at(name)).has_value();
    };
    work.make = [&](const std::string& name, const Lease& lease) {
      const auto& place = places.at(name);
      const auto trial = make_trial(config, options, parts, place);
      if (!trial || !lease.held()) return false;
      write_place(config, options.folder, place, *trial, material.train.hash);
      if (options.note) {
        options.note(fmt::format("{} at {} times its learning rate, seed {}: held-out loss {:.4f}",
                                 place.arm, place.factor, place.seed, trial->loss));
      }
      return true;
    };
    work_through(work);
  }
}

void require_rates_of(const Config& config, const fs::path& folder, const std::string& data) {
  for (const auto& trial : find_rates(config, folder)) {
    for (const auto seed : rate_seeds(config)) {
      const auto path = place_path(folder, {trial.arm, trial.factor, seed});
      // Those of earlier versions do not say.
      const auto there = base::read_json(path).value("training data", data);
      base::require(there == data, "'{}' was made on other training images than those in '{}' now",
                    path.string(), config.data);
    }
  }
}

std::vector<RateTrial> find_rates(const Config& config, const fs::path& folder) {
  std::vector<RateTrial> trials;
  if (!chooses_rates(config)) return trials;
  for (const auto& arm : config.arms) {
    auto own = trials_of(config, folder, arm);
    std::sort(own.begin(), own.end(),
              [](const RateTrial& a, const RateTrial& b) { return a.factor < b.factor; });
    trials.insert(trials.end(), own.begin(), own.end());
  }
  return trials;
}

std::optional<double> next_rate(const std::vector<double>& rates,
                                const std::vector<RateTrial>& trials, const std::string& arm) {
  std::vector<double> tried;
  for (const auto& trial : trials)
    if (trial.arm == arm) tried.push_back(trial.factor);
  for (const double rate : rates)
    if (std::find(tried.begin(), tried.end(), rate) == tried.end()) return rate;
  std::sort(tried.begin(), tried.end());
  const double best = best_rate(trials, arm);
  const auto [least, most] = std::minmax_element(rates.begin(), rates.end());
  const auto last = tried.size() - 1;
  const auto count = [&](auto&& is_beyond) {
    return std::count_if(tried.begin(), tried.end(), is_beyond);
  };
  const double below = rounded(tried[0] * (tried[0] / tried[1]));
  const double above = rounded(tried[last] * (tried[last] / tried[last - 1]));
  const bool more_below = count([low = *least](double one) { return one < low; }) < kBeyond;
  const bool more_above = count([high = *most](double one) { return one > high; }) < kBeyond;
  // Factors that lie closer than their three digits have no next one.
  if (best == tried[0] && more_below && below < tried[0]) return below;
  if (best == tried[last] && more_above && above > tried[last]) return above;
  return std::nullopt;
}

namespace {

/// Of two that are equally good, or both diverged, the careful one.
bool is_better(const RateTrial& one, const RateTrial& other) {
  const bool lost = std::isnan(one.loss), other_lost = std::isnan(other.loss);
  if (lost != other_lost) return other_lost;
  if (lost || one.loss == other.loss) return one.factor < other.factor;
  return one.loss < other.loss;
}

}  // namespace

double best_rate(const std::vector<RateTrial>& trials, const std::string& arm) {
  const RateTrial* best = nullptr;
  for (const auto& trial : trials) {
    if (trial.arm != arm) continue;
    if (best == nullptr || is_better(trial, *best)) best = &trial;
  }
  return best == nullptr ? 1 : best->factor;
}

double chosen_rate(const Config& config, const fs::path& folder, const std::string& arm) {
  if (!chooses_rates(config)) return config.rates.empty() ? 1 : config.rates.front();
  auto own = config;
  own.arms = {arm};
  const auto trials = find_rates(own, folder);
  const auto next = next_rate(config.rates, trials, arm);
  base::require(!next,
                "'{}': the learning rate of '{}' is not decided: the training at {} times it is "
                "missing",
                folder.string(), arm, next.value_or(1));
  return best_rate(trials, arm);
}

}  // namespace ranklens::study
