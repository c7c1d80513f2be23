#include "ranklens/tn/contraction/run.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/as_strided.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sum.h>

namespace ranklens::tn {
namespace {

at::Tensor elements(const at::Tensor& holder, const ElementView& view, std::int64_t from) {
  return at::as_strided(holder, view.sizes, view.strides, from + view.offset);
}

/// Takes the workspace over, unless it is ours already.
void make_ready(Workspace& workspace, const std::shared_ptr<const Compiled>& steps,
                const at::TensorOptions& options) {
  const auto& memory = workspace.memory;
  if (workspace.owner == steps && memory.dtype() == options.dtype() &&
      memory.device() == options.device()) {
    return;
  }
  workspace = {};
  workspace.memory = at::empty({steps->arena}, options);
  for (const auto& instruction : steps->instructions) {
    if (instruction.kind == Instruction::Kind::strided) {
      workspace.views.emplace_back();
      continue;
    }
    const auto view = [&](const ElementView& wanted) {
      if (wanted.holder != Holder::block) return at::Tensor();
      return elements(workspace.memory, wanted, steps->blocks[wanted.number].offset);
    };
    const bool two =
        instruction.kind != Instruction::Kind::sum && instruction.kind != Instruction::Kind::copy;
    workspace.views.push_back({view(instruction.out), view(instruction.left),
                               two ? view(instruction.right) : at::Tensor()});
  }
  workspace.owner = steps;
}

void compute(const Instruction& instruction, at::Tensor& out, const at::Tensor& left,
             const at::Tensor& right) {
  switch (instruction.kind) {
    case Instruction::Kind::sum:
      at::sum_out(out, left, instruction.modes);
      break;
    case Instruction::Kind::copy:
      out.copy_(left);
      break;
    case Instruction::Kind::product:
      if (out.dim() == 2) {
        at::mm_out(out, left, right);
      } else {
        at::bmm_out(out, left, right);
      }
      break;
    case Instruction::Kind::strided:
      break;  // run_steps() has its own way for it
    case Instruction::Kind::multiply:
      at::mul_out(out, left, right);
      break;
    case Instruction::Kind::multiply_add:
      out.addcmul_(left, right);
      break;
  }
}

/// A product by kernels of our own, whose factors need no tensors.
template <class Number>
void compute_strided(const Compiled& steps, const Instruction& instruction,
                     const std::vector<at::Tensor>& operands, const at::Tensor& result,
                     const at::Tensor& arena) {
  const auto begin = [&](const ElementView& view) -> const Number* {
    switch (view.holder) {
      case Holder::block:
        return arena.const_data_ptr<Number>() + steps.blocks[view.number].offset + view.offset;
      case Holder::result:
        return result.const_data_ptr<Number>() + view.offset;
      default:
        return operands[view.number].const_data_ptr<Number>() + view.offset;
    }
  };
  auto* out = instruction.out.holder == Holder::result
                  ? result.mutable_data_ptr<Number>()
                  : arena.mutable_data_ptr<Number>() + steps.blocks[instruction.out.number].offset;
  multiply(instruction.product, begin(instruction.left), begin(instruction.right), out);
}

}  // namespace

void run_steps(const std::shared_ptr<const Compiled>& steps,
               const std::vector<at::Tensor>& operands, const at::Tensor& result,
               Workspace& workspace) {
  const c10::NoGradGuard no_gradients;
  // Nothing is tracked, and hundreds of small steps feel what each call costs.
  const at::AutoDispatchBelowADInplaceOrView direct;
  make_ready(workspace, steps, result.options());
  for (std::size_t k = 0; k < steps->instructions.size(); ++k) {
    const auto& instruction = steps->instructions[k];
    if (instruction.kind == Instruction::Kind::strided) {
      result.scalar_type() == at::kFloat
          ? compute_strided<float>(*steps, instruction, operands, result, workspace.memory)
          : compute_strided<double>(*steps, instruction, operands, result, workspace.memory);
      continue;
    }
    auto& ready = workspace.views[k];
    const auto tensor = [&](const ElementView& view, std::size_t which) {
      if (view.holder == Holder::block) return ready[which];
      if (view.holder == Holder::result) return elements(result, view, 0);
      const auto& operand = operands[view.number];
      return elements(operand, view, operand.storage_offset());
    };
    const bool two =
        instruction.kind != Instruction::Kind::sum && instruction.kind != Instruction::Kind::copy;
    auto out = tensor(instruction.out, 0);
    compute(instruction, out, tensor(instruction.left, 1),
            two ? tensor(instruction.right, 2) : at::Tensor());
  }
}

at::Tensor empty_result(const Compiled& steps, const at::TensorOptions& options) {
  return at::empty_strided(steps.output.sizes, steps.output.strides, options);
}

}  // namespace ranklens::tn
