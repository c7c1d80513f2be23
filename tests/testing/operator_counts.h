#pragma once

#include <map>
#include <memory>
#include <string>

#include <ATen/record_function.h>

namespace ranklens::testing {

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
