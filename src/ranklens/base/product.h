#pragma once

#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace ranklens::base {

/// Who multiplies dense float32 matrices. libtorch calls MKL, which runs at half speed on
/// processors with AVX-512 that are not Intel's; oneDNN, also inside libtorch, does not.
enum class ProductKernel { libtorch, onednn };

/// What the choice rests on: gigaflops of one product of 256 x 256 matrices, 0 where not measured.
struct ProductMeasurement {
  double libtorch = 0;
  double onednn = 0;
};

/// The kernel in use. The first call decides: the environment variable RANKLENS_PRODUCT
/// ("libtorch", "onednn" or "auto"), else a measurement of a few milliseconds. oneDNN is taken only
/// if clearly faster (by 1.25), so that noise does not change the choice, and with it the last bits
/// of results, from run to run. An Error for any other value of the variable.
ProductKernel product_kernel();

/// Overrides the choice: a resumed run takes the kernel it began with.
void set_product_kernel(ProductKernel kernel);

/// Which of the two a measurement speaks for.
ProductKernel choose_product(const ProductMeasurement& measured);
/// Measures both on this machine, at the present number of threads.
ProductMeasurement measure_products();

std::string_view to_string(ProductKernel kernel);
ProductKernel parse_product_kernel(std::string_view text);

/// x [..., in] times weight [out, in] transposed, plus bias [out] (may be undefined): [..., out],
/// by the kernel in use. Differentiable in all three. Products that oneDNN has no float32 kernel
/// for, or that are too small for a choice to matter, are libtorch's.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias = {});

}  // namespace ranklens::base
