#include "ranklens/base/memory.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

#include "ranklens/base/error.h"

namespace ranklens::base {
namespace {

/// The limit of a control group, as Linux writes it: a number, or "max".
std::optional<std::int64_t> group_limit(const char* file) {
  std::int64_t bytes = 0;
  if (std::ifstream(file) >> bytes && bytes > 0) return bytes;
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> memory_there_is() {
  std::optional<std::int64_t> least;
  const auto lower = [&](std::optional<std::int64_t> bytes) {
    if (bytes && (!least || *bytes < *least)) least = bytes;
  };
  const long pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && size > 0) lower(std::int64_t{pages} * size);
  lower(group_limit("/sys/fs/cgroup/memory.max"));
  lower(group_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    lower(static_cast<std::int64_t>(limit.rlim_cur));
  return least;
}

void require_memory(double bytes, const std::string& what) {
  const auto most = memory_there_is();
  require(!most || bytes <= static_cast<double>(*most), "{} takes {} of memory, and there are {}",
          what, readable_bytes(bytes), readable_bytes(static_cast<double>(most.value_or(0))));
}

std::string readable_bytes(double bytes) {
  constexpr std::array kUnits{"bytes", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  for (; bytes >= 999.5 && unit + 1 < kUnits.size(); ++unit) bytes /= 1000;
  return bytes < 9.95 && unit > 0 ? fmt::format("{:.1f} {}", bytes, kUnits[unit])
                                  : fmt::format("{:.0f} {}", bytes, kUnits[unit]);
}

}  // namespace ranklens::base
