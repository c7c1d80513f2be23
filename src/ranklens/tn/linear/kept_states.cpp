#include "ranklens/tn/linear/kept_states.h"

#include <atomic>

#include "ranklens/base/error.h"
#include "ranklens/base/memory.h"

namespace ranklens::tn {
namespace {

constexpr double kUndecided = -1;
std::atomic<double> allowance{kUndecided};

double share_of_memory() {
  constexpr double some = 4e9, layers = 8;
  const auto there_is = base::memory_there_is();
  return (there_is ? static_cast<double>(*there_is) : some) / layers;
}

}  // namespace

double state_allowance() {
  double known = allowance.load();
  if (known >= 0) return known;
  // Of several first calls one decides for all.
  const double decided = share_of_memory();
  return allowance.compare_exchange_strong(known, decided) ? decided : known;
}

void set_state_allowance(double bytes) {
  base::require(bytes >= 0, "what a layer may keep is 0 bytes or more, not {}", bytes);
  allowance = bytes;
}

}  // namespace ranklens::tn
