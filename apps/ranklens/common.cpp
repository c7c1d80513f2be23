#include "common.h"

#include <cstdint>
#include <iostream>

#include "ranklens/base/device.h"
#include "ranklens/base/error.h"
#include "ranklens/base/files.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/threads.h"
#include "ranklens/base/version.h"

#include "checks.h"
#include "outputs.h"

namespace ranklens::app {

c10::Device Common::torch_device() const { return base::parse_device(device); }

c10::ScalarType Common::compute_dtype() const {
  if (dtype == "float32") return c10::kFloat;
  if (dtype == "float64") return c10::kDouble;
  if (dtype == "bfloat16") return c10::kBFloat16;
  base::fail("'{}' is no dtype; write float32, float64 or bfloat16", dtype);
}

namespace {

std::string out_text(Out kind) {
  switch (kind) {
    case Out::folder:
      return "the folder that the results go to";
    case Out::file:
      return std::string("the file that the result goes to") + kReplacesOwnKind;
    case Out::json_file:
      return "a file that the JSON object goes to, too";
  }
  return "";
}

}  // namespace

void add_common(CLI::App& command, Common& common, const Takes& takes) {
  const std::string group = kCommonOptions;
  const auto add = [&](const char* name, auto& value, const std::string& text) {
    return command.add_option(name, value, text)->group(group);
  };
  add("--seed", common.seed, "same seed, same threads: same bytes")
      ->check(seed_number())
      ->capture_default_str();
  add("--threads", common.threads, "how many threads compute (0: one a core)")
      ->check(whole_number(0, 4096))
      ->capture_default_str();
  add("--device", common.device, "cpu, cuda or cuda:N")->capture_default_str();
  add("--dtype", common.dtype, "compute in float32, float64 or bfloat16")->capture_default_str();
  auto* out = add("--out", common.out, out_text(common.out_kind));
  if (!common.out.empty()) out->capture_default_str();
  add("--config", common.config, "a TOML file; every flag is a key of it, and a flag wins");
  command.add_flag("--quiet", common.quiet, "no progress on stderr")->group(group);
  command.add_flag("--json", common.json, "print one JSON object on stdout")->group(group);
  for (const auto& [name, has] : {std::pair{"--seed", takes.seed},
                                  {"--threads", takes.threads},
                                  {"--device", takes.device},
                                  {"--dtype", takes.dtype},
                                  {"--quiet", takes.quiet}}) {
    if (!has) command.get_option(name)->group(kUnlisted);
  }
}

void start(const Common& common) {
  if (common.threads > 0) base::set_threads(common.threads);
  if (!common.torch_device().is_cpu()) base::compute_in_full_precision();
  common.compute_dtype();
  if (common.out_kind == Out::json_file)
    require_replaceable({{"--out", common.out, FileKind::json}});
}

base::Progress until_interrupted(base::Progress progress) {
  return [progress = std::move(progress)](const base::ProgressUpdate& update) {
    if (base::interrupted()) throw base::SystemError("interrupted; nothing was written");
    base::report(progress, update);
  };
}

namespace {

Json headed(const Common& common, const Json& object) {
  Json whole{{"ranklens", base::version()}, {"command", common.command}};
  whole.update(object);
  return whole;
}

}  // namespace

void emit(const Common& common, const Json& object, const std::string& text) {
  if (common.json) {
    std::cout << headed(common, object).dump() << '\n';
  } else {
    std::cout << text;
  }
}

void emit_and_save(const Common& common, const Json& object, const std::string& text) {
  if (!common.out.empty()) base::write_file(common.out, headed(common, object).dump(2) + "\n");
  emit(common, object, text);
}

}  // namespace ranklens::app
