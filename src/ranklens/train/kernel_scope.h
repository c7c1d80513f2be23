#pragma once

#include "ranklens/base/product.h"
#include "ranklens/nn/fused/winograd.h"

namespace ranklens::train {

/// Puts the choice of kernels back at the end: a resumed run goes on with the kernels it began
/// with, which must not decide what the next one begins with.
struct KernelScope {
  KernelScope() = default;
  ~KernelScope() {
    base::set_product_kernel(product);
    nn::fused::set_convolutions(convolutions);
  }
  KernelScope(const KernelScope&) = delete;
  KernelScope& operator=(const KernelScope&) = delete;

  const base::ProductKernel product = base::product_kernel();
  const nn::fused::Convolutions convolutions = nn::fused::convolutions();
};

}  // namespace ranklens::train
