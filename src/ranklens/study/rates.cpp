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

std::string trial_name(const std::string& arm, double factor) {
  return fmt::format("{}-x{}", arm, factor);
}

fs::path trial_path(const fs::path& folder, const std::string& arm, double factor) {
  return folder / "rates" / (trial_name(arm, factor) + ".json");
}

/// A trial depends on all that a cell does but the other factors.
std::string trial_identity(Config config, const std::string& arm) {
  config.rates.clear();
  return identity_digest(config, arm);
}

std::optional<RateTrial> find_trial(const Config& config, const fs::path& folder,
                                    const std::string& arm, double factor) {
  const auto path = trial_path(folder, arm, factor);
  if (!fs::exists(path)) return std::nullopt;
  try {
    const auto object = base::read_json(path);
    base::require(object.at("arm") == arm && object.at("factor") == factor &&
                      object.at("identity") == trial_identity(config, arm),
                  "'{}' was made under another configuration", path.string());
    return RateTrial{.arm = arm,
                     .factor = factor,
                     .loss = base::number_or_nan(object.at("loss")),
                     .accuracy = base::number_or_nan(object.at("accuracy"))};
  } catch (const nlohmann::json::exception&) {
    base::fail("'{}' is no training that chooses a learning rate", path.string());
  }
}

void write_trial(const Config& config, const fs::path& folder, const RateTrial& trial,
                 const std::string& data) {
  base::make_folder(folder / "rates");
  base::write_json(trial_path(folder, trial.arm, trial.factor),
                   {{"arm", trial.arm},
                    {"factor", trial.factor},
                    {"seed", kRateSeed},
                    {"identity", trial_identity(config, trial.arm)},
                    {"training data", data},
                    {"loss", base::number_or_null(trial.loss)},
                    {"accuracy", base::number_or_null(trial.accuracy)}});
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

struct RatePlace {
  std::string arm;
  double factor = 1;
};

/// By name, what can be tried now, and is not there.
std::map<std::string, RatePlace> missing_trials(const Config& config, const fs::path& folder) {
  std::map<std::string, RatePlace> missing;
  for (const auto& arm : config.arms) {
    auto factors = config.rates;
    if (const auto next = next_rate(config.rates, trials_of(config, folder, arm), arm)) {
      factors.push_back(*next);
    }
    for (const double factor : factors) {
      if (!find_trial(config, folder, arm, factor))
        missing["rate-" + trial_name(arm, factor)] = {arm, factor};
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
                                    const Parts& parts, const std::string& name, double factor) {
  auto fresh = build(arm(config, name), config, parts.training, kRateSeed);
  fresh.state = fresh.state.to(options.device);
  auto fit = fit_options(config, options, name, kRateSeed);
  fit.rate = factor;
  fit.folder = fit.folder.parent_path() / ("rate-" + trial_name(name, factor));
  fit.stage = fmt::format("rate of {}, times {}", name, factor);
  const auto trained = train::fit(fresh, parts.training, {}, fit);
  if (trained.ending == train::FitResult::Ending::interrupted) return std::nullopt;
  RateTrial trial{.arm = name, .factor = factor, .loss = std::nan(""), .accuracy = std::nan("")};
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
  if (!chooses_rates(config) || missing_trials(config, options.folder).empty()) return;
  auto [training, choosing] = data::hold_out(material.train, kHeldOut);
  const Parts parts{std::move(training), std::move(choosing)};
  for (auto places = missing_trials(config, options.folder);
       !places.empty() && !base::interrupted(); places = missing_trials(config, options.folder)) {
    GridWork work{.claims = options.folder / "claims", .note = options.note};
    for (const auto& [name, place] : places) work.names.push_back(name);
    work.finished = [&](const std::string& name) {
      const auto& [arm, factor] = places.at(name);
      return find_trial(config, options.folder, arm, factor).has_value();
    };
    work.make = [&](const std::string& name, const Lease& lease) {
      const auto& [arm, factor] = places.at(name);
      const auto trial = make_trial(config, options, parts, arm, factor);
      if (!trial || !lease.held()) return false;
      write_trial(config, options.folder, *trial, material.train.hash);
      if (options.note)
        options.note(fmt::format("{} at {} times its learning rate: held-out loss {:.4f}", arm,
                                 factor, trial->loss));
      return true;
    };
    work_through(work);
  }
}

void require_rates_of(const Config& config, const fs::path& folder, const std::string& data) {
  for (const auto& trial : find_rates(config, folder)) {
    const auto path = trial_path(folder, trial.arm, trial.factor);
    // Those of earlier versions do not say.
    const auto there = base::read_json(path).value("training data", data);
    base::require(there == data, "'{}' was made on other training images than those in '{}' now",
                  path.string(), config.data);
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
