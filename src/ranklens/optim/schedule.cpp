#include "ranklens/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/spec.h"

namespace ranklens::optim {
namespace {

using Kind = ScheduleOptions::Kind;

const std::map<std::string, Kind>& kinds() {
  static const std::map<std::string, Kind> known{{"constant", Kind::constant},
                                                 {"step", Kind::step},
                                                 {"linear", Kind::linear},
                                                 {"cosine", Kind::cosine},
                                                 {"plateau", Kind::plateau}};
  return known;
}

}  // namespace

Schedule::Schedule(ScheduleOptions options) : options_(options) {
  base::require(options.warmup >= 0 && options.every > 0 && options.factor > 0 &&
                    options.factor <= 1 && options.final >= 0 && options.patience >= 0,
                "a schedule needs warmup >= 0, every > 0, factor in (0, 1], final >= 0 and "
                "patience >= 0");
}

double Schedule::factor(const Place& place) const {
  const auto per_epoch = static_cast<double>(place.steps_per_epoch);
  const auto epochs = static_cast<double>(place.epochs);
  const double epoch = static_cast<double>(place.step) / per_epoch;
  if (epoch < options_.warmup) {
    return std::min(1.0, static_cast<double>(place.step + 1) / (options_.warmup * per_epoch));
  }
  // Linear and cosine run over what the warm-up leaves.
  const double left = epochs - options_.warmup;
  const double t = left > 0 ? std::min(1.0, (epoch - options_.warmup) / left) : 0;
  switch (options_.kind) {
    case Kind::constant:
      return 1;
    case Kind::step:
      return std::pow(options_.factor, std::floor(epoch / options_.every));
    case Kind::linear:
      return 1 + (options_.final - 1) * t;
    case Kind::cosine:
      return options_.final + (1 - options_.final) * (1 + std::cos(std::numbers::pi * t)) / 2;
    case Kind::plateau:
      return std::pow(options_.factor, static_cast<double>(reductions_));
  }
  return 1;
}

void Schedule::observe(double validation_loss) {
  if (validation_loss < best_ * (1 - options_.threshold)) {
    best_ = validation_loss;
    bad_epochs_ = 0;
  } else if (++bad_epochs_ > options_.patience) {
    ++reductions_;
    bad_epochs_ = 0;
  }
}

std::string Schedule::spec() const {
  std::string options;
  const auto add = [&](std::string_view key, double value) {
    options += fmt::format("{}{}={}", options.empty() ? "(" : ",", key, value);
  };
  const Kind kind = options_.kind;
  if (kind == Kind::step) add("every", options_.every);
  if (kind == Kind::step || kind == Kind::plateau) add("factor", options_.factor);
  if (kind == Kind::linear || kind == Kind::cosine) add("final", options_.final);
  if (kind == Kind::plateau) {
    add("patience", static_cast<double>(options_.patience));
    add("threshold", options_.threshold);
  }
  if (options_.warmup > 0) add("warmup", options_.warmup);
  const auto named = std::find_if(kinds().begin(), kinds().end(),
                                  [&](const auto& one) { return one.second == kind; });
  return named->first + (options.empty() ? "" : options + ")");
}

nlohmann::json Schedule::save() const {
  nlohmann::json saved{{"bad_epochs", bad_epochs_}, {"reductions", reductions_}};
  if (std::isfinite(best_)) saved["best"] = best_;  // JSON has no infinity
  return saved;
}

void Schedule::load(const nlohmann::json& saved) {
  bad_epochs_ = saved.at("bad_epochs").get<std::int64_t>();
  reductions_ = saved.at("reductions").get<std::int64_t>();
  best_ = saved.value("best", std::numeric_limits<double>::infinity());
}

Schedule make_schedule(std::string_view text) {
  base::SpecReader spec(text, "schedule");
  ScheduleOptions options;
  std::vector<std::string> names;
  for (const auto& [name, kind] : kinds()) names.push_back(name);
  const auto found = kinds().find(spec.name());
  base::require(found != kinds().end(), "no schedule is called '{}'{}", spec.name(),
                base::nearest_hint(spec.name(), names));
  const Kind kind = options.kind = found->second;
  if (kind == Kind::step) options.every = spec.number("every", options.every, 1e-6, 1e9);
  if (kind == Kind::step || kind == Kind::plateau) {
    options.factor = spec.number("factor", options.factor, 1e-9, 1);
  }
  if (kind == Kind::linear || kind == Kind::cosine) {
    options.final = spec.number("final", options.final, 0, 1);
  }
  if (kind == Kind::plateau) {
    options.patience = spec.integer("patience", options.patience, 0, 1000000);
    options.threshold = spec.number("threshold", options.threshold, 0, 1);
  }
  options.warmup = spec.number("warmup", options.warmup, 0, 1e9);
  spec.finish();
  return Schedule(options);
}

}  // namespace ranklens::optim
