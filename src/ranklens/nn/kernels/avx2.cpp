// Compiled with the flags of its instruction set (cmake/RanklensKernels.cmake).
#ifdef RANKLENS_VECTOR_KERNELS
#include "ranklens/nn/kernels/set.inc"

namespace ranklens::nn::kernels {

extern const Table avx2;
constinit const Table avx2 = all_kernels("avx2");

}  // namespace ranklens::nn::kernels
#endif
