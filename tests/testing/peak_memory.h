#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

namespace ranklens::testing {

/// Bytes that libtorch allocates on the processor in this thread (and in the backward passes that
/// it starts) while an object of this class lives: what tensors hold now and held at most.
class PeakMemory {
 public:
  std::int64_t live() const { return count_->live; }
  std::int64_t peak() const { return count_->peak; }
  /// Lets the peak begin anew at what is held now.
  void forget_peak() { count_->peak = count_->live; }

 private:
  struct Count final : c10::MemoryReportingInfoBase {
    void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t,
                           c10::Device device) override {
      if (!device.is_cpu()) return;
      live += bytes;
      peak = std::max(peak, live);
    }
    bool memoryProfilingEnabled() const override { return true; }
    std::int64_t live = 0, peak = 0;
  };
  std::shared_ptr<Count> count_ = std::make_shared<Count>();
  c10::DebugInfoGuard guard_{c10::DebugInfoKind::PROFILER_STATE, count_};
};

}  // namespace ranklens::testing
