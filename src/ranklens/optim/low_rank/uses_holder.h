#pragma once

#include <memory>
#include <optional>

#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include "ranklens/optim/low_rank/probe.h"

namespace ranklens::optim {

/// The list that a backward pass adds to: lists of functions are no tensors.
struct UsesHolder : torch::CustomClassHolder {
  explicit UsesHolder(std::shared_ptr<Uses> held) : uses(std::move(held)) {}
  std::shared_ptr<Uses> uses;
};

inline void keep(torch::autograd::AutogradContext* context, const std::shared_ptr<Uses>& uses) {
  context->saved_data["uses"] = c10::IValue::make_capsule(c10::make_intrusive<UsesHolder>(uses));
}

inline std::shared_ptr<Uses> kept(torch::autograd::AutogradContext* context) {
  return c10::dynamic_intrusive_pointer_cast<UsesHolder>(context->saved_data["uses"].toCapsule())
      ->uses;
}

/// A Function takes no undefined tensors.
inline std::optional<at::Tensor> optional_of(const at::Tensor& tensor) {
  return tensor.defined() ? std::optional<at::Tensor>(tensor) : std::nullopt;
}

}  // namespace ranklens::optim
