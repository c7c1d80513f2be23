#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <ATen/record_function.h>
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

/// What a call costs in numbers that do not depend on the machine's load: memory and operators.
namespace ranklens::testing {

/// Memory that libtorch handed out, through the interface that its own profiler uses.
class AllocationMeter final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, std::int64_t bytes, std::size_t, std::size_t,
                         c10::Device) override {
    if (bytes <= 0) return;  // given back
    const std::lock_guard guard(lock_);
    largest = std::max(largest, bytes);
    total += bytes;
  }
  bool memoryProfilingEnabled() const override { return true; }

  std::int64_t largest = 0, total = 0;

 private:
  std::mutex lock_;
};

/// What a call took from the allocator: its largest piece and all of them together, in bytes.
struct Allocated {
  std::int64_t largest = 0, total = 0;
};

template <class Call>
Allocated allocated_by(Call&& call) {
  const auto meter = std::make_shared<AllocationMeter>();
  {
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, meter);
    call();
  }
  return {meter->largest, meter->total};
}

/// How often a call used each operator on this thread, by name: "aten::mm".
class OperatorCounts {
 public:
  template <class Call>
  static std::map<std::string, int> of(Call&& call) {
    counts().clear();
    const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback(&begin).scopes(
        {at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
    call();
    at::removeCallback(handle);
    return counts();
  }

 private:
  static std::map<std::string, int>& counts() {
    static thread_local std::map<std::string, int> found;
    return found;
  }
  static std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
    ++counts()[std::string(function.name())];
    return nullptr;
  }
};

}  // namespace ranklens::testing
