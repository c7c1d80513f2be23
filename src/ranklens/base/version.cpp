#include "ranklens/base/version.h"

#include <fstream>

#include <ATen/Version.h>
#include <torch/version.h>

#include RANKLENS_COMMIT_HEADER

namespace ranklens::base {

std::string version() { return RANKLENS_VERSION; }

std::string commit() { return RANKLENS_COMMIT; }

std::string version_and_commit() {
  return commit().empty() ? version() : version() + " (" + commit() + ")";
}

std::string libtorch_version() { return TORCH_VERSION; }

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (colon != std::string::npos && line.starts_with("model name")) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string instruction_set() { return at::get_cpu_capability(); }

}  // namespace ranklens::base
