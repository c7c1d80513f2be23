#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/json.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/contraction/problem.h"

#include "commands.h"
#include "contraction.h"

namespace ranklens::app {
namespace {

struct PathOptions {
  Common common;
  PlanFlags plan;
  std::string problem, given;
};

Json steps_of(const tn::Path& path) {
  Json steps = Json::array();
  for (const auto& [left, right] : path) steps.push_back({left, right});
  return steps;
}

Json names_of(const tn::Expression& expression, const tn::Labels& labels) {
  Json names = Json::array();
  for (const auto label : labels)
    names.push_back(expression.names[static_cast<std::size_t>(label)]);
  return names;
}

/// A path that the problem's file has under that name, or that is in a file of its own.
tn::Plan given_plan(const PathOptions& options, const tn::Problem& problem) {
  const auto stored = problem.paths.find(options.given);
  auto plan = stored != problem.paths.end() ? tn::plan_of(problem.expression, stored->second.path)
                                            : read_plan(problem.expression, options.given);
  const auto wanted = plan_options(options.plan, options.common, problem.dtype);
  tn::require_within(plan, wanted.memory, wanted.item_bytes);
  return plan;
}

void path(const PathOptions& options) {
  start(options.common);
  const auto problem = tn::read_problem(options.problem);
  const auto& expression = problem.expression;
  const auto plan =
      options.given.empty()
          ? tn::plan(expression, plan_options(options.plan, options.common, problem.dtype))
          : given_plan(options, problem);
  emit_and_save(
      options.common,
      Json{{"log2_flops", plan.cost.log2_flops},
           {"log10_flops", plan.cost.log10_flops},
           {"log2_size", plan.cost.log2_size},
           {"log2_write", plan.cost.log2_write},
           {"log2_slices", plan.log2_slices},
           {"sliced", names_of(expression, plan.sliced)},
           {"ssa_path", steps_of(plan.path)},
           {"linear_path", tn::linear_from_path(expression.inputs.size(), plan.path)},
           {"edge_path", names_of(expression, tn::edges_from_path(expression, plan.path))},
           {"seconds", plan.seconds},
           {"trials", plan.trials},
           {"method", plan.method}},
      tn::describe(expression, plan));
}

}  // namespace

void add_path(CLI::App& root) {
  const auto options = std::make_shared<PathOptions>();
  auto& command =
      add_command(root, "path", "find an order in which to contract a network of tensors",
                  "  ranklens path PROBLEM.json --seconds 10 --json\n"
                  "  ranklens path PROBLEM.json --minimize size --memory 2G",
                  options->common, Out::json_file, {.device = false, .quiet = false});
  command.add_option("problem", options->problem, "the network, .json in either of two forms")
      ->required();
  add_plan_options(command, options->plan);
  command.add_option(
      "--path", options->given,
      "no search: what this path costs, by its name in PROBLEM or in a file that `path` wrote");
  command.callback([options] { path(*options); });
}

}  // namespace ranklens::app
