#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/npy.h"

#include "commands.h"
#include "outputs.h"
#include "trains.h"

namespace ranklens::app {
namespace {

struct FullOptions {
  Common common;
  std::string file;
};

void write_full(const FullOptions& options) {
  start(options.common);
  require_replaceable({{"--out", options.common.out, FileKind::array}}, {options.file});
  const auto array = tn::full(open_stored(options.file, options.common));
  base::write_npy(options.common.out, array);
  const auto shape = array.sizes().vec();
  emit(options.common, Json{{"out", options.common.out}, {"shape", shape}},
       fmt::format("{}: {}\n", options.common.out, tn::text(shape)));
}

}  // namespace

void add_full(CLI::App& root) {
  const auto options = std::make_shared<FullOptions>();
  auto& command = add_command(root, "full", "a decomposed tensor written out as an array",
                              "  ranklens full x.safetensors --out back.npy", options->common,
                              Out::file, {.seed = false, .dtype = false, .quiet = false});
  command.add_option("file", options->file, "a file that decompose wrote")->required();
  require_out(command, "the .npy file that the array goes to; one that is there is replaced");
  command.callback([options] { write_full(*options); });
}

}  // namespace ranklens::app
