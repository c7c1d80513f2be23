#include "ranklens/optim/low_rank/options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/methods.h"

namespace ranklens::optim {
namespace {

using Method = LowRankOptions::Method;

constexpr std::array<std::pair<Method, std::string_view>, 7> kMethods{{
    {Method::bug, "bug"},
    {Method::augmented_bug, "augmented_bug"},
    {Method::fixed_bug, "fixed_bug"},
    {Method::parallel_bug, "parallel_bug"},
    {Method::psi, "psi"},
    {Method::abc_psi, "abc_psi"},
    {Method::core, "core"},
}};

/// A share outside (0, 1) is refused by a sentence that says what it is a share of.
constexpr double kAnyShare = 1e12;

void read_rank_policy(base::SpecReader& spec, LowRankOptions& options) {
  if (keeps_rank(options.method)) return;
  auto& ranks = options.ranks;
  ranks.absolute = spec.flag("absolute", ranks.absolute);
  ranks.tau = spec.number("tau", ranks.tau, ranks.absolute ? 0 : -kAnyShare, kAnyShare);
  base::require(ranks.absolute || (ranks.tau > 0 && ranks.tau < 1),
                "tau, the share of a weight's norm that a truncation may cut off, is above 0 "
                "and below 1, not {}",
                ranks.tau);
  ranks.cap = spec.integer("cap", ranks.cap, 1, ranks.cap);
  ranks.floor = spec.integer("floor", std::min(ranks.floor, ranks.cap), 1, 1 << 20);
  base::require(ranks.cap >= ranks.floor,
                "the largest rank, cap={}, is below the smallest, floor={}", ranks.cap,
                ranks.floor);
  options.budget = spec.integer("budget", options.budget, 0, std::int64_t{1} << 40);
}

void read_schedule(base::SpecReader& spec, LowRankOptions& options) {
  if (keeps_rank(options.method)) return;
  auto& schedule = options.schedule;
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  const double most = options.ranks.absolute ? 1e12 : 1 - 1e-12;
  schedule.tau_end = spec.number("tau_end", schedule.tau_end, 1e-12, most);
  schedule.over = spec.integer("over", schedule.over, 1, kMost);
  base::require((schedule.tau_end > 0) == (schedule.over > 0),
                "tau moves to tau_end over so many steps: give both, 'tau_end=0.2,over=1000'");
  base::require(schedule.over == 0 || options.ranks.tau > 0,
                "tau moves to tau_end by equal factors, so it begins above 0");
  schedule.budget_over = spec.integer("budget_over", schedule.budget_over, 1, kMost);
  base::require(schedule.budget_over == 0 || options.budget > 0,
                "budget_over says in how many steps a budget comes down: give one, "
                "'budget=20000,budget_over=1000'");
  schedule.hold = spec.integer("hold", schedule.hold, 1, kMost);
  base::require(schedule.hold == 0 || schedule.hold >= schedule.budget_over,
                "ranks are held after {} steps, before the budget has come down in {}",
                schedule.hold, schedule.budget_over);
  schedule.layers = parse_layer_ranks(spec.text("layers", ""));
  for (const auto& one : schedule.layers) {
    base::require(options.ranks.absolute || !one.tau || *one.tau < 1,
                  "tau of the layers '{}', a share of a weight's norm, is above 0 and below 1, "
                  "not {}",
                  one.pattern, one.tau.value_or(0));
  }
}

std::string schedule_text(const RankSchedule& schedule) {
  std::string text;
  if (schedule.over > 0)
    text += fmt::format(",tau_end={},over={}", schedule.tau_end, schedule.over);
  if (schedule.budget_over > 0) text += fmt::format(",budget_over={}", schedule.budget_over);
  if (schedule.hold > 0) text += fmt::format(",hold={}", schedule.hold);
  if (!schedule.layers.empty()) text += fmt::format(",layers={}", to_string(schedule.layers));
  return text;
}

void read_rule(base::SpecReader& spec, Method method, CoreRule& rule) {
  const std::string kind = spec.text("rule", "adam");
  base::require(kind == "adam" || kind == "sgd", "a rule is 'adam' or 'sgd', not '{}'", kind);
  rule.weight_decay = spec.number("weight_decay", rule.weight_decay, 0, 1e6);
  if (kind == "sgd") {
    rule.kind = CoreRule::Kind::sgd;
    rule.momentum = spec.number("momentum", rule.momentum, 0, 1);
    for (const char* key : {"beta1", "beta2", "eps", "moments"})
      base::require(!spec.has(key), "{} is an option of rule=adam, and this is rule=sgd", key);
    return;
  }
  base::require(!spec.has("momentum"),
                "momentum is an option of rule=sgd; with rule=adam, the default, it is beta1");
  rule.beta1 = spec.number("beta1", rule.beta1, 0, 1 - 1e-12);
  rule.beta2 = spec.number("beta2", rule.beta2, 0, 1 - 1e-12);
  rule.eps = spec.number("eps", rule.eps, 0, 1);
  const std::string moments = spec.text("moments", "layer");
  base::require(moments == "layer" || moments == "entry",
                "moments are kept by 'layer' or by 'entry', not '{}'", moments);
  if (moments != "entry") return;
  base::require(moves_core(method),
                "moments=entry keeps a number for each entry of a core that moves by itself, as "
                "with bug, augmented_bug and core; {} moves a weight along its tangent space and "
                "keeps one for all of it",
                to_string(method));
  rule.second = CoreRule::SecondMoment::entry;
}

}  // namespace

bool keeps_rank(Method method) {
  return method == Method::fixed_bug || method == Method::psi || method == Method::core;
}

std::string_view to_string(Method method) {
  for (const auto& [one, name] : kMethods) {
    if (one == method) return name;
  }
  return "";
}

const std::vector<std::string>& low_rank_methods() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [method, name] : kMethods) all.emplace_back(name);
    return all;
  }();
  return names;
}

bool is_low_rank_method(std::string_view name) {
  const auto& names = low_rank_methods();
  return std::find(names.begin(), names.end(), name) != names.end();
}

LowRankOptions read_low_rank_options(base::SpecReader& spec) {
  LowRankOptions options;
  for (const auto& [method, name] : kMethods) {
    if (name == spec.name()) options.method = method;
  }
  options.lr = spec.number("lr", options.lr, 1e-12, 1e6);
  if (options.method == Method::bug) {
    options.core_steps = static_cast<int>(spec.integer("s", options.core_steps, 1, 10000));
  }
  read_rank_policy(spec, options);
  read_schedule(spec, options);
  if (options.method == Method::parallel_bug) {
    options.reject = spec.number("reject", options.reject, 0, 1e12);
  }
  read_rule(spec, options.method, options.rule);
  return options;
}

std::string spec_of(const LowRankOptions& o) {
  std::string text = fmt::format("{}(lr={}", to_string(o.method), o.lr);
  if (o.method == Method::bug) text += fmt::format(",s={}", o.core_steps);
  if (!keeps_rank(o.method)) {
    text += fmt::format(",tau={},absolute={},floor={},cap={},budget={}", o.ranks.tau,
                        o.ranks.absolute, o.ranks.floor, o.ranks.cap, o.budget);
    text += schedule_text(o.schedule);
  }
  if (o.reject > 0) text += fmt::format(",reject={}", o.reject);
  const auto& r = o.rule;
  if (r.kind == CoreRule::Kind::sgd) {
    return text + fmt::format(",rule=sgd,momentum={},weight_decay={})", r.momentum, r.weight_decay);
  }
  const bool by_entry = r.second == CoreRule::SecondMoment::entry;
  return text + fmt::format(",rule=adam,beta1={},beta2={},eps={},moments={},weight_decay={})",
                            r.beta1, r.beta2, r.eps, by_entry ? "entry" : "layer", r.weight_decay);
}

}  // namespace ranklens::optim
