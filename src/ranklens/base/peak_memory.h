#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

namespace ranklens::base {

/// Bytes that libtorch allocates on the processor in this thread (and in the backward passes and
/// parallel loops that it starts) while an object of this class lives, through the interface that
/// libtorch's own profiler uses.
class PeakMemory {
 public:
  std::int64_t live() const { return count_->live; }        ///< what tensors hold now
  std::int64_t peak() const { return count_->peak; }        ///< what they held at most
  std::int64_t largest() const { return count_->largest; }  ///< of the pieces asked for
  std::int64_t total() const { return count_->total; }      ///< of all that was asked for
  /// Lets the peak begin anew at what is held now.
  void forget_peak() { count_->peak = count_->live; }

 private:
  struct Count final : c10::MemoryReportingInfoBase {
    void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t,
                           c10::Device device) override {
      if (!device.is_cpu()) return;
      const std::lock_guard guard(lock);
      live += bytes;
      peak = std::max(peak, live);
      if (bytes <= 0) return;  // given back
      largest = std::max(largest, bytes);
      total += bytes;
    }
    bool memoryProfilingEnabled() const override { return true; }
    std::int64_t live = 0, peak = 0, largest = 0, total = 0;
    std::mutex lock;
  };
  std::shared_ptr<Count> count_ = std::make_shared<Count>();
  c10::DebugInfoGuard guard_{c10::DebugInfoKind::PROFILER_STATE, count_};
};

/// What a call took from the allocator: its largest piece and all of them together, in bytes.
struct Allocated {
  std::int64_t largest = 0, total = 0;
};

template <class Call>
Allocated allocated_by(Call&& call) {
  const PeakMemory memory;
  call();
  return {memory.largest(), memory.total()};
}

}  // namespace ranklens::base
