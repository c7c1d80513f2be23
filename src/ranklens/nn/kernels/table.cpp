#include "ranklens/nn/kernels/table.h"

namespace ranklens::nn::kernels {

const Table* table() {
#ifdef RANKLENS_VECTOR_KERNELS
  static const Table* const chosen = []() -> const Table* {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      return &avx512;
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2 : nullptr;
  }();
  return chosen;
#else
  return nullptr;
#endif
}

}  // namespace ranklens::nn::kernels
