#include "common.h"

#include <iostream>

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>

#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/threads.h"

namespace ranklens::app {

c10::Device Common::torch_device() const {
  std::optional<c10::Device> parsed;
  try {
    parsed.emplace(device);
  } catch (const c10::Error&) {
    base::fail("'{}' names no device; write cpu, cuda or cuda:0", device);
  }
  if (parsed->is_cpu()) return *parsed;
  const bool built = c10::impl::hasDeviceGuardImpl(parsed->type());
  const int count = built ? c10::impl::getDeviceGuardImpl(parsed->type())->deviceCount() : 0;
  base::require(parsed->index() < count && count > 0,
                "there is no device '{}': this libtorch sees {} of that kind", device, count);
  return *parsed;
}

c10::ScalarType Common::compute_dtype() const {
  if (dtype == "float32") return c10::kFloat;
  if (dtype == "float64") return c10::kDouble;
  if (dtype == "bfloat16") return c10::kBFloat16;
  base::fail("'{}' is no dtype; write float32, float64 or bfloat16", dtype);
}

void add_common(CLI::App& command, Common& common) {
  const std::string group = "Common options";
  const auto add = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->group(group);
  };
  add("--seed", common.seed, "same seed, same threads: same bytes")->capture_default_str();
  add("--threads", common.threads, "how many threads compute (0: one a core)")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  add("--device", common.device, "cpu, cuda or cuda:N")->capture_default_str();
  add("--dtype", common.dtype, "compute in float32, float64 or bfloat16")->capture_default_str();
  add("--out", common.out, "where the results go");
  add("--config", common.config, "a TOML file; every flag is a key of it, and a flag wins");
  command.add_flag("--quiet", common.quiet, "no progress on stderr")->group(group);
  command.add_flag("--json", common.json, "print one JSON object on stdout")->group(group);
}

void start(const Common& common) {
  if (common.threads > 0) base::set_threads(common.threads);
  common.torch_device();
  common.compute_dtype();
}

void emit(const Common& common, const Json& object, const std::string& text) {
  if (common.json) {
    std::cout << object.dump() << '\n';
  } else {
    std::cout << text;
  }
}

void emit_and_save(const Common& common, const Json& object, const std::string& text) {
  if (!common.out.empty()) base::write_file(common.out, object.dump(2) + "\n");
  emit(common, object, text);
}

}  // namespace ranklens::app
