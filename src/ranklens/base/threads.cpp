#include "ranklens/base/threads.h"

#include <ATen/Parallel.h>
#include <climits>

#include "ranklens/base/error.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace ranklens::base {

void set_threads(int threads) {
  require(threads >= 1, "the number of threads is at least 1, not {}", threads);
  at::set_num_threads(threads);
}

int threads() { return at::get_num_threads(); }

ThreadScope::ThreadScope(int count) : before_(threads()) {
  if (count != before_) set_threads(count);
}

ThreadScope::~ThreadScope() {
  if (threads() != before_) at::set_num_threads(before_);
}

bool keep_freed_memory() {
#ifdef __GLIBC__
  return mallopt(M_MMAP_THRESHOLD, INT_MAX) == 1 && mallopt(M_TRIM_THRESHOLD, INT_MAX) == 1;
#else
  return false;
#endif
}

}  // namespace ranklens::base
