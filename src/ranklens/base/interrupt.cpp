#include "ranklens/base/interrupt.h"

#include <atomic>
#include <csignal>

namespace ranklens::base {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "needed inside a signal handler");

extern "C" void handle_interrupt(int signal) {
  if (requested.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action{};
  action.sa_handler = handle_interrupt;
  action.sa_flags = SA_RESTART;  // a read or write in progress goes on
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return requested.load(std::memory_order_relaxed); }
void request_interrupt() { requested.store(true); }
void clear_interrupt() { requested.store(false); }

}  // namespace ranklens::base
