#include "ranklens/tn/linear/panels/table.h"

namespace ranklens::tn::panels {

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
#else
std::vector<const Table*> tables() { return {}; }
#endif

const Table* table() {
  static const Table* const widest = tables().empty() ? nullptr : tables().front();
  return widest;
}

}  // namespace ranklens::tn::panels
