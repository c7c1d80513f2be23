#include "ranklens/study/speed.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "ranklens/base/interrupt.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/folder.h"
#include "ranklens/study/lease.h"

namespace ranklens::study {
namespace {

void measure(const Config& config, const RunOptions& options, const Material& material) {
  std::vector<nn::Network> networks;
  for (const auto& name : config.arms)
    networks.push_back(build(arm(name), config, material.train, config.seeds.front()));
  base::report(options.progress, {.stage = "speed of the networks", .done = 0, .total = 1});
  const auto speeds = train::throughput(
      networks, {.batch = config.batch,
                 .seconds = options.speed_seconds * static_cast<double>(networks.size()),
                 .execution = {.compute = train::parse_compute(config.compute),
                               .channels_last = options.channels_last}});
  // Those of arms that this run does not have stay.
  auto by_arm = find_throughput(options.folder);
  for (std::size_t k = 0; k < speeds.size(); ++k) by_arm[config.arms[k]] = speeds[k];
  write_throughput(options.folder, by_arm);
}

}  // namespace

bool has_speeds(const Config& config, const std::filesystem::path& folder) {
  const auto there = find_throughput(folder);
  return std::all_of(config.arms.begin(), config.arms.end(),
                     [&](const auto& name) { return there.contains(name); });
}

void measure_speeds(const Config& config, const RunOptions& options, const Material& material) {
  while (!base::interrupted() && !has_speeds(config, options.folder)) {
    if (const auto lease = Lease::acquire(options.folder / "claims" / "throughput")) {
      if (!has_speeds(config, options.folder)) measure(config, options, material);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace ranklens::study
