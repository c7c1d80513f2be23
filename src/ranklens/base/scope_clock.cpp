#include "ranklens/base/scope_clock.h"

#include <memory>
#include <utility>

#include <ATen/record_function.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"

namespace ranklens::base {
namespace {

/// What libtorch's callbacks, plain functions, write to.
struct ScopeCount {
  std::string name;
  bool counting = false;
  int depth = 0;
  Stopwatch watch = {};
  double seconds = 0;
  std::int64_t parts = 0;
};

ScopeCount& scope_count() {
  static thread_local ScopeCount count;
  return count;
}

/// Says that a part has begun that is to be counted.
struct Counted final : at::ObserverContext {};

std::unique_ptr<at::ObserverContext> begin_scope(const at::RecordFunction& function) {
  auto& count = scope_count();
  if (count.name != function.name()) return nullptr;
  if (count.depth++ == 0) count.watch.restart(), ++count.parts;
  return std::make_unique<Counted>();
}

void end_scope(const at::RecordFunction&, at::ObserverContext* context) {
  auto& count = scope_count();
  if (context != nullptr && --count.depth == 0) count.seconds += count.watch.seconds();
}

}  // namespace

ScopeClock::ScopeClock(std::string name) {
  require(!scope_count().counting, "a thread times the parts of one name at a time");
  scope_count() = {.name = std::move(name), .counting = true};
  handle_ = at::addThreadLocalCallback(
      at::RecordFunctionCallback(&begin_scope, &end_scope).scopes({at::RecordScope::USER_SCOPE}));
}

ScopeClock::~ScopeClock() {
  at::removeCallback(handle_);
  scope_count().counting = false;
}

double ScopeClock::seconds() const { return scope_count().seconds; }
std::int64_t ScopeClock::parts() const { return scope_count().parts; }

}  // namespace ranklens::base
