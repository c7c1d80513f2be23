#include "manifest.h"

#include "ranklens/base/files.h"
#include "ranklens/base/sha256.h"
#include "ranklens/base/threads.h"
#include "ranklens/base/version.h"

#include "command_line.h"

namespace ranklens::app {

Json to_json(const Manifest& manifest, const Common& common, const std::filesystem::path& folder) {
  Json entries = Json::array();
  for (const auto& file : manifest.files) {
    entries.push_back({{"file", file},
                       {"bytes", std::filesystem::file_size(folder / file)},
                       {"sha256", base::sha256_of_file(folder / file)}});
  }
  Json json{{"command", manifest.command},
            {"command_line", command_line()},
            {"ranklens", base::version()},
            {"commit", base::commit()},
            {"libtorch", base::libtorch_version()},
            {"processor", base::processor()},
            {"instructions", base::instruction_set()},
            {"configuration", manifest.configuration},
            {"identity", manifest.identity},
            {"seed", common.seed},
            {"threads", base::threads()},
            {"dtype", common.dtype},
            {"device", common.device},
            {"data_hash", manifest.data_hash},
            {"wall_seconds", manifest.wall_seconds}};
  json.update(manifest.more);
  json["entries"] = entries;
  return json;
}

void write_manifest(const std::filesystem::path& folder, const Common& common,
                    const Manifest& manifest) {
  base::write_file(folder / "manifest.json", to_json(manifest, common, folder).dump(2) + "\n");
}

}  // namespace ranklens::app
