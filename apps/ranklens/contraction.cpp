#include "contraction.h"

#include <map>

#include <CLI/CLI.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/json.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/contraction/problem.h"

#include "values.h"

namespace ranklens::app {
namespace {

double item_bytes(const std::string& dtype) {
  const std::map<std::string, double> known = {{"bfloat16", 2},  {"float16", 2},
                                               {"float32", 4},   {"float64", 8},
                                               {"complex64", 8}, {"complex128", 16}};
  const auto at = known.find(dtype);
  base::require(at != known.end(), "'{}' is no dtype that is contracted", dtype);
  return at->second;
}

}  // namespace

void add_plan_options(CLI::App& command, PlanFlags& flags) {
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->capture_default_str();
  };
  add("--seconds", flags.seconds, "how long to search");
  add("--trials", flags.trials, "search so many trees in place of seconds: same seed, same path");
  add("--minimize", flags.minimize, "flops, size or combo");
  add("--method", flags.method,
      "auto, greedy, exact, elimination, bisection, dissection or annealing");
  command.add_option("--memory", flags.memory,
                     "bytes that the largest result of a step may have, such as 2G; slices to fit");
}

tn::PlanOptions plan_options(const PlanFlags& flags, const Common& common,
                             const std::string& dtype) {
  return {.minimize = tn::parse_minimize(flags.minimize),
          .seconds = flags.seconds,
          .trials = flags.trials,
          .threads = base::threads(),
          .seed = common.seed,
          .memory = flags.memory.empty() ? 0 : static_cast<double>(parse_bytes(flags.memory)),
          .item_bytes = item_bytes(dtype.empty() ? common.dtype : dtype),
          .method = tn::parse_method(flags.method)};
}

tn::Plan read_plan(const tn::Expression& expression, const std::string& file) {
  const auto json = base::read_json(file);
  const auto what = "'" + file + "'";
  return tn::plan_of(expression, tn::parse_path(expression, json, what),
                     tn::parse_sliced(expression, json, what));
}

}  // namespace ranklens::app
