#include "ranklens/nn/kernels/table.h"

#include <atomic>

#ifdef RANKLENS_VECTOR_KERNELS
#include <cpuid.h>
#endif

namespace ranklens::nn::kernels {

#ifdef RANKLENS_VECTOR_KERNELS
extern const Table avx512, avx2;

std::vector<const Table*> tables() {
  std::vector<const Table*> found;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    found.push_back(&avx512);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&avx2);
  return found;
}

bool has_matrix_unit() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned amx_bfloat16 = 1U << 22;  // leaf 7, register EDX
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & amx_bfloat16) != 0;
}
#else
std::vector<const Table*> tables() { return {}; }

bool has_matrix_unit() { return false; }
#endif

namespace {

std::atomic<const Table*>& in_use() {
  static std::atomic<const Table*> kernels{tables().empty() ? nullptr : tables().front()};
  return kernels;
}

}  // namespace

const Table* table() { return in_use().load(std::memory_order_acquire); }

void use(const Table* kernels) { in_use().store(kernels, std::memory_order_release); }

}  // namespace ranklens::nn::kernels
