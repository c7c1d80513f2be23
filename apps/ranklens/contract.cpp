#include <algorithm>
#include <memory>

#include <ATen/core/grad_mode.h>
#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/npy.h"
#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/contraction/problem.h"

#include "commands.h"
#include "contraction.h"
#include "outputs.h"

namespace ranklens::app {
namespace {

struct ContractOptions {
  Common common;
  PlanFlags plan;
  std::string what, given;
  std::vector<std::string> files;
};

std::vector<at::Tensor> read_operands(const ContractOptions& options) {
  std::vector<at::Tensor> operands;
  const auto device = options.common.torch_device();
  for (const auto& file : options.files) operands.push_back(base::read_npy(file).to(device));
  return operands;
}

/// A problem's file by its name, else an equation.
tn::Expression expression_of(const std::string& what, const std::vector<at::Tensor>& operands) {
  return what.ends_with(".json") ? tn::read_problem(what).expression
                                 : tn::make_expression(what, tn::shapes_of(operands));
}

/// The operands' type as the planner knows it.
std::string dtype_of(const at::Tensor& tensor) {
  const auto dtype = tensor.scalar_type();
  base::require(at::isFloatingType(dtype) || at::isComplexType(dtype),
                "operand 0 is {}; floating or complex ones are contracted",
                base::dtype_name(dtype));
  return base::dtype_name(dtype);
}

tn::Plan plan_for(const ContractOptions& options, const tn::Expression& expression,
                  const std::string& dtype) {
  const auto wanted = plan_options(options.plan, options.common, dtype);
  if (options.given.empty()) return tn::plan(expression, wanted);
  auto plan = read_plan(expression, options.given);
  tn::require_within(plan, wanted.memory, wanted.item_bytes);
  return plan;
}

void contract(const ContractOptions& options) {
  start(options.common);
  const auto& out = options.common.out;
  require_replaceable({{"--out", out, FileKind::array}}, options.files);
  const auto operands = read_operands(options);
  const auto expression = expression_of(options.what, operands);
  const auto dtype = dtype_of(operands.front());
  const auto plan = plan_for(options, expression, dtype);
  const c10::NoGradGuard no_gradients;
  const base::Stopwatch clock;
  const auto result = tn::execute(expression, plan.path, operands, plan.sliced);
  const double seconds = clock.seconds();
  base::write_npy(out, result);
  emit(
      options.common,
      Json{{"out", out},
           {"shape", result.sizes().vec()},
           {"dtype", dtype},
           {"log2_flops", plan.cost.log2_flops},
           {"log2_size", plan.cost.log2_size},
           {"log2_slices", plan.log2_slices},
           {"method", plan.method},
           {"plan_seconds", plan.seconds},
           {"seconds", seconds}},
      fmt::format("{} [{}] in {}: 2^{:.2f} multiply-adds in {:.3f} s (planned in {:.3f} s by {})\n",
                  dtype, fmt::join(result.sizes(), ", "), out, plan.cost.log2_flops, seconds,
                  plan.seconds, plan.method));
}

}  // namespace

void add_contract(CLI::App& root) {
  const auto options = std::make_shared<ContractOptions>();
  auto& command =
      add_command(root, "contract", "contract a network of tensors in .npy files",
                  "  ranklens contract 'ij,jk->ki' A.npy B.npy --out R.npy\n"
                  "  ranklens contract PROBLEM.json T0.npy T1.npy ... --out R.npy --seconds 5",
                  options->common, Out::file, {.dtype = false, .quiet = false});
  command.add_option("what", options->what, "an equation, or a problem's file (.json)")->required();
  require_out(command, "the .npy file that the result goes to; one that is there is replaced");
  command.add_option("operands", options->files, "the tensors, .npy, all of one dtype")->required();
  add_plan_options(command, options->plan);
  command.add_option("--path", options->given,
                     "no search: the path of a file that `path --out` wrote");
  command.callback([options] { contract(*options); });
}

}  // namespace ranklens::app
