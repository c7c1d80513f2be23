// Compiled with the flags of its instruction set (cmake/RanklensKernels.cmake).
#ifdef RANKLENS_VECTOR_KERNELS
#include "ranklens/tn/linear/panels/set.inc"

namespace ranklens::tn::panels {

extern const Table avx512;
constinit const Table avx512 = all_kernels("avx512");

}  // namespace ranklens::tn::panels
#endif
