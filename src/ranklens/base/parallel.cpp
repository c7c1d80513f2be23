// Compiled with OpenMP (cmake/RanklensKernels.cmake).
#include "ranklens/base/parallel.h"

#include <ATen/Parallel.h>

#ifndef _OPENMP
#error "without OpenMP everything would run on one thread"
#endif

namespace ranklens::base {

void parallel_over(std::int64_t count, std::int64_t grain,
                   const std::function<void(std::int64_t, std::int64_t)>& body) {
  at::parallel_for(0, count, grain, body);
}

}  // namespace ranklens::base
