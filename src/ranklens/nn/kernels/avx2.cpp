// Compiled with the flags of its instruction set (cmake/RanklensKernels.cmake).
#ifdef RANKLENS_VECTOR_KERNELS
#include "ranklens/nn/kernels/norm.inc"
#include "ranklens/nn/kernels/table.h"
#include "ranklens/nn/kernels/winograd.inc"

namespace ranklens::nn::kernels {

extern const Table avx2;
const Table avx2{.name = "avx2",
                 .norm_float32 = norm_kernels<float>(),
                 .norm_bfloat16 = norm_kernels<std::uint16_t>(),
                 .tile_float32 = tile_kernels<float>(),
                 .tile_bfloat16 = tile_kernels<std::uint16_t>(),
                 .tile_weight = tile_weight,
                 .tile_weight_gradient = tile_weight_gradient,
                 .product = product};

}  // namespace ranklens::nn::kernels
#endif
