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
tn::Plan given_plan(const PathOptions& options, const tn::Problem& problem,
                    const tn::PlanOptions& wanted) {
  const auto* stored = tn::find_path(problem, options.given);
  auto plan = stored != nullptr ? tn::plan_of(problem.expression, stored->path)
                                : read_plan(problem.expression, options.given);
  tn::require_within(plan, wanted);
  return plan;
}

/// Operands of the file's dtype, else of --dtype, contiguous, in the processor's memory.
tn::PlanOptions wanted_plan(const PathOptions& options, const tn::Problem& problem) {
  const auto dtype = contracted_dtype(problem.dtype.empty() ? options.common.dtype : problem.dtype);
  return plan_options(options.plan, options.common, problem.expression, {.dtype = dtype});
}

Json report_of(const tn::Expression& expression, const tn::Plan& plan) {
  const auto naive = tn::naive_cost(expression);
  Json report{{"log2_flops", plan.cost.log2_flops},
              {"log10_flops", plan.cost.log10_flops},
              {"log2_naive_flops", naive.log2_flops},
              {"log2_speed_up", naive.log2_flops - plan.cost.log2_flops},
              {"scaling", tn::scaling_of(expression, plan)},
              {"naive_scaling", naive.scaling},
              {"log2_size", plan.cost.log2_size},
              {"log2_write", plan.cost.log2_write},
              {"log2_slices", plan.log2_slices},
              {"sliced", names_of(expression, plan.sliced)},
              {"ssa_path", steps_of(plan.path)},
              {"linear_path", tn::linear_from_path(expression.inputs.size(), plan.path)},
              {"edge_path", names_of(expression, tn::edges_from_path(expression, plan.path))},
              {"seconds", plan.seconds},
              {"trials", plan.trials},
              {"method", plan.method}};
  if (plan.bytes > 0) report["run_bytes"] = plan.bytes;
  return report;
}

void path(const PathOptions& options) {
  start(options.common);
  const auto problem = tn::read_problem(options.problem);
  const auto& expression = problem.expression;
  const auto wanted = wanted_plan(options, problem);
  const auto plan =
      options.given.empty() ? tn::plan(expression, wanted) : given_plan(options, problem, wanted);
  emit_and_save(options.common, report_of(expression, plan), tn::describe(expression, plan));
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
