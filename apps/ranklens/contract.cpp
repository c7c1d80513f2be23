#include <algorithm>
#include <memory>

#include <ATen/core/grad_mode.h>
#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/base/npy.h"
#include "ranklens/base/threads.h"
#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/contraction/problem.h"
#include "ranklens/tn/contraction/program.h"

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

void require_numbers(at::ScalarType dtype) {
  base::require(at::isFloatingType(dtype) || at::isComplexType(dtype),
                "operand 0 is {}; floating or complex ones are contracted",
                base::dtype_name(dtype));
}

tn::Plan plan_for(const ContractOptions& options, const tn::Expression& expression,
                  const tn::RunSetting& setting) {
  const auto wanted = plan_options(options.plan, options.common, expression, setting);
  if (options.given.empty()) return tn::plan(expression, wanted);
  auto plan = read_plan(expression, options.given);
  tn::require_within(plan, wanted);
  return plan;
}

/// What was computed, and how.
struct Contracted {
  at::Tensor result;
  double seconds = 0;
  std::int64_t workspace = 0;  ///< bytes
};

Contracted contracted(const tn::Expression& expression, const tn::Plan& plan,
                      const std::vector<at::Tensor>& operands, const tn::RunSetting& setting) {
  const c10::NoGradGuard no_gradients;
  const base::Stopwatch clock;
  const tn::Program program(expression, plan.path, plan.sliced, setting.strides);
  auto result = program(operands);
  return {.result = std::move(result),
          .seconds = clock.seconds(),
          .workspace = program.workspace_bytes(setting.dtype, base::threads(), setting.device)};
}

void report(const ContractOptions& options, const tn::Plan& plan, const Contracted& done) {
  const auto dtype = base::dtype_name(done.result.scalar_type());
  const auto& out = options.common.out;
  emit(options.common,
       Json{{"out", out},
            {"shape", done.result.sizes().vec()},
            {"dtype", dtype},
            {"log2_flops", plan.cost.log2_flops},
            {"log2_size", plan.cost.log2_size},
            {"log2_slices", plan.log2_slices},
            {"workspace_bytes", done.workspace},
            {"method", plan.method},
            {"plan_seconds", plan.seconds},
            {"seconds", done.seconds}},
       fmt::format("{} [{}] in {}: 2^{:.2f} multiply-adds in {:.3f} s and {} bytes of workspace "
                   "(planned in {:.3f} s by {})\n",
                   dtype, fmt::join(done.result.sizes(), ", "), out, plan.cost.log2_flops,
                   done.seconds, done.workspace, plan.seconds, plan.method));
}

void contract(const ContractOptions& options) {
  start(options.common);
  const auto& out = options.common.out;
  require_replaceable({{"--out", out, FileKind::array}}, options.files);
  const auto operands = read_operands(options);
  const auto expression = expression_of(options.what, operands);
  require_numbers(operands.front().scalar_type());
  const tn::RunSetting setting{.dtype = operands.front().scalar_type(),
                               .device = operands.front().device(),
                               .strides = tn::strides_of(expression, operands)};
  const auto plan = plan_for(options, expression, setting);
  const auto done = contracted(expression, plan, operands, setting);
  base::write_npy(out, done.result);
  report(options, plan, done);
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
