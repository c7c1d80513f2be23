#include "contraction.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/json.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/contraction/problem.h"

#include "values.h"

namespace ranklens::app {
void add_plan_options(CLI::App& command, PlanFlags& flags) {
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->capture_default_str();
  };
  add("--seconds", flags.seconds, "how long to search");
  add("--trials", flags.trials, "search so many trees in place of seconds: same seed, same path");
  add("--minimize", flags.minimize, "flops, size or combo");
  add("--method", flags.method,
      "auto, greedy, exact, elimination, bisection, dissection or annealing");
  command.add_option(
      "--memory", flags.memory,
      "bytes that computing may take beside the operands, such as 2G; slices to fit");
}

c10::ScalarType contracted_dtype(const std::string& name) {
  constexpr c10::ScalarType known[] = {at::kBFloat16, at::kHalf,         at::kFloat,
                                       at::kDouble,   at::kComplexFloat, at::kComplexDouble};
  for (const auto dtype : known) {
    if (base::dtype_name(dtype) == name) return dtype;
  }
  base::fail("'{}' is no dtype that is contracted", name);
}

tn::PlanOptions plan_options(const PlanFlags& flags, const Common& common,
                             const tn::Expression& expression, tn::RunSetting setting) {
  setting.threads = base::threads();
  const auto item = static_cast<double>(c10::elementSize(setting.dtype));
  tn::PlanOptions options{
      .minimize = tn::parse_minimize(flags.minimize),
      .seconds = flags.seconds,
      .trials = flags.trials,
      .threads = setting.threads,
      .seed = common.seed,
      .memory = flags.memory.empty() ? 0 : static_cast<double>(parse_bytes(flags.memory)),
      .item_bytes = item,
      .method = tn::parse_method(flags.method)};
  options.taken = [expression, setting = std::move(setting)](const tn::Path& path,
                                                             const tn::Labels& sliced) {
    return tn::run_bytes(expression, path, sliced, setting);
  };
  return options;
}

tn::Plan read_plan(const tn::Expression& expression, const std::string& file) {
  const auto json = base::read_json(file);
  const auto what = "'" + file + "'";
  return tn::plan_of(expression, tn::parse_path(expression, json, what),
                     tn::parse_sliced(expression, json, what));
}

}  // namespace ranklens::app
