#pragma once

#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace ranklens::base {

/// Who multiplies dense float32 matrices. libtorch calls MKL, which runs at half speed on
/// processors with AVX-512 that are not Intel's; oneDNN, also inside libtorch, does not.
enum class ProductKernel { libtorch, onednn };

/// What the choice rests on. AMD's families: 0x19 is Zen 3 and 4, 0x1A is Zen 5.
struct Processor {
  std::string vendor = {};  ///< as the processor names it: "AuthenticAMD"
  unsigned family = 0;
  bool avx512 = false;
};

/// Of the machine this runs on; empty where it is not an x86.
Processor this_processor();

/// Which kernel is the faster one on a processor: oneDNN on AMD's from Zen 5 on, whose AVX-512
/// units are as wide as their name says (measured: twice MKL's speed; on Zen 3 and 4 the two are
/// equal). It is a rule and not a measurement, since the choice reaches the last bits of results:
/// they must not depend on what else the machine does.
ProductKernel kernel_for(const Processor& processor);

/// Gigaflops of one product of 256 x 256 matrices, 0 where not measured.
struct ProductMeasurement {
  double libtorch = 0;
  double onednn = 0;
};

/// The kernel in use. The first call decides: the environment variable RANKLENS_PRODUCT says
/// "libtorch", "onednn", or "measure", which times both and takes oneDNN if clearly faster (by
/// 1.25); unset or "auto", it is kernel_for() this processor. An Error for any other value.
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
