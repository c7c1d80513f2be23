// Compiled with the flags of its instruction set (cmake/RanklensKernels.cmake).
#ifdef RANKLENS_VECTOR_KERNELS
#include "ranklens/nn/kernels/norm.inc"
#include "ranklens/nn/kernels/table.h"

namespace ranklens::nn::kernels {

const Table avx512{
    .name = "avx512", .float32 = norm_kernels<float>(), .bfloat16 = norm_kernels<std::uint16_t>()};

}  // namespace ranklens::nn::kernels
#endif
