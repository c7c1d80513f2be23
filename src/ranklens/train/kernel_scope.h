#pragma once

#include "ranklens/base/product.h"
#include "ranklens/nn/fused/winograd.h"
#include "ranklens/tn/linear/kept_states.h"

namespace ranklens::train {

/// Puts the choice of kernels, and what layers may keep, back at the end: a resumed run goes on
/// with what it began with, which must not decide what the next one begins with.
struct KernelScope {
  KernelScope() = default;
  ~KernelScope() {
    base::set_product_kernel(product);
    nn::fused::set_convolutions(convolutions);
    tn::set_state_allowance(allowance);
  }
  KernelScope(const KernelScope&) = delete;
  KernelScope& operator=(const KernelScope&) = delete;

  const base::ProductKernel product = base::product_kernel();
  const nn::fused::Convolutions convolutions = nn::fused::convolutions();
  const double allowance = tn::state_allowance();
};

}  // namespace ranklens::train
