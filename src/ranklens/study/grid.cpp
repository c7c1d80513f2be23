#include "ranklens/study/grid.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "ranklens/base/interrupt.h"

namespace ranklens::study {
namespace {

struct Pass {
  std::size_t missing = 0;
  bool worked = false;
};

bool try_piece(const GridWork& work, const std::string& name) {
  const auto lease = Lease::acquire(work.claims / name);
  if (!lease) return false;
  return work.finished(name) || work.make(name, *lease);
}

Pass pass_over(const GridWork& work) {
  Pass pass;
  for (const auto& name : work.names) {
    if (base::interrupted()) {
      ++pass.missing;
      return pass;
    }
    if (work.finished(name)) continue;
    if (try_piece(work, name)) {
      pass.worked = true;
    } else {
      ++pass.missing;
    }
  }
  return pass;
}

}  // namespace

bool work_through(const GridWork& work) {
  bool waiting = false;
  while (!base::interrupted()) {
    const Pass pass = pass_over(work);
    if (pass.missing == 0) return true;
    if (base::interrupted()) break;
    if (pass.worked) continue;
    if (!waiting && work.note) {
      work.note(fmt::format("waiting for {} cell{} that other processes work on", pass.missing,
                            pass.missing == 1 ? "" : "s"));
    }
    waiting = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  return false;
}

}  // namespace ranklens::study
