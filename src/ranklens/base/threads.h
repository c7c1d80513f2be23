#pragma once

namespace ranklens::base {

/// Threads that tensor operators use; at least 1. Set once, before the work: results depend on it
/// in the last bits.
void set_threads(int threads);
int threads();

/// Sets the number of threads and restores the former one at the end of the scope: small linear
/// algebra is fastest on one.
class ThreadScope {
 public:
  explicit ThreadScope(int count);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

/// Keeps large freed blocks in the process instead of returning them to the system (glibc's
/// M_MMAP_THRESHOLD and M_TRIM_THRESHOLD): page faults on fresh temporaries cost up to half of a
/// training step. For programs, called once at the start; false where the allocator has no such
/// setting.
bool keep_freed_memory();

}  // namespace ranklens::base
