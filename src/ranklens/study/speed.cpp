#include "ranklens/study/speed.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "ranklens/base/interrupt.h"
#include "ranklens/base/text.h"
#include "ranklens/nn/model_file.h"
#include "ranklens/study/arms.h"
#include "ranklens/study/folder.h"
#include "ranklens/study/lease.h"
#include "ranklens/study/make_cell.h"
#include "ranklens/train/throughput.h"

namespace ranklens::study {
namespace {

/// Another text for every run, on any machine: the time and the process.
std::string run_name() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return fmt::format("{}-{}", std::chrono::duration_cast<std::chrono::microseconds>(now).count(),
                     ::getpid());
}

/// Plain rules keep the shape of every tensor.
bool may_change_ranks(std::string_view optimiser) {
  const auto name = base::trim(optimiser.substr(0, optimiser.find('(')));
  return name != "adam" && name != "adamw" && name != "sgd";
}

/// As trained from the first seed, where its network is still there: its ranks may have changed.
nn::Network network_of(const Config& config, const RunOptions& options, const Material& material,
                       const std::string& name) {
  const auto seed = config.seeds.front();
  const auto path = work_folder(options, name, seed) / "model.safetensors";
  if (std::filesystem::exists(path)) return nn::read_model(path).network;
  if (may_change_ranks(optimiser_of(config, name)) && options.note) {
    options.note(
        fmt::format("'{}' is not there: the speed of '{}' is that of the ranks it began with",
                    path.string(), name));
  }
  return build(arm(config, name), config, material.train, seed);
}

void measure(const Config& config, const RunOptions& options, const Material& material) {
  std::vector<nn::Network> networks;
  std::vector<std::string> optimisers;
  for (const auto& name : config.arms) {
    networks.push_back(network_of(config, options, material, name));
    networks.back().state = networks.back().state.to(options.device);
    optimisers.push_back(optimiser_of(config, name));
  }
  base::report(options.progress, {.stage = "speed of the networks", .done = 0, .total = 1});
  const auto speeds = train::throughput(
      networks, {.batch = std::min(config.batch, material.train.size()),
                 .seconds = options.speed_seconds * static_cast<double>(networks.size()),
                 .execution = {.compute = train::parse_compute(config.compute),
                               .channels_last = options.channels_last,
                               .low_memory = config.low_memory},
                 .optimisers = optimisers});
  if (base::interrupted()) return;
  // Those of arms that this run does not have stay, but are not compared with these.
  auto by_arm = find_speeds(options.folder);
  const auto run = run_name();
  for (std::size_t k = 0; k < speeds.size(); ++k)
    by_arm[config.arms[k]] = {speeds[k].forward, speeds[k].training, run};
  write_speeds(options.folder, by_arm);
}

}  // namespace

bool has_speeds(const Config& config, const std::filesystem::path& folder) {
  const auto there = find_speeds(folder);
  std::set<std::string> runs;
  for (const auto& name : config.arms) {
    const auto found = there.find(name);
    runs.insert(found == there.end() ? "" : found->second.run);
  }
  return runs.size() == 1 && !runs.contains("");
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
