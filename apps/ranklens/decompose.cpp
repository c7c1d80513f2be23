#include "ranklens/tn/train/decompose.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"

#include "commands.h"
#include "trains.h"

namespace ranklens::app {
namespace {

struct DecomposeOptions {
  Common common;
  std::string array, format = "tt", rows, columns;
  ClosenessOptions close;
};

struct Decomposed {
  tn::StoredTrain stored;
  double error = 0;
};

Decomposed decomposed(const DecomposeOptions& options, const at::Tensor& array) {
  const auto closeness = options.close.closeness();
  if (options.rows.empty() && options.columns.empty()) {
    auto found = tn::decompose(array, closeness);
    return {{std::move(found.train), {}, {}}, found.error};
  }
  base::require(!options.rows.empty() && !options.columns.empty(),
                "a TT matrix needs both --rows and --columns");
  const auto rows = parse_sizes(options.rows, "modes");
  const auto columns = parse_sizes(options.columns, "modes");
  const auto found = tn::decompose(array, rows, columns, closeness);
  return {{tn::fused(found.matrix), rows, columns}, found.error};
}

void decompose(const DecomposeOptions& options) {
  start(options.common);
  base::require(!options.common.out.empty(), "--out is required: the file to write");
  const auto array = read_array(options.array, options.common);
  base::Stopwatch watch;
  const auto found = decomposed(options, array);
  const double seconds = watch.seconds();
  if (found.stored.is_matrix()) {
    tn::write_train(options.common.out, found.stored.matrix());
  } else {
    tn::write_train(options.common.out, found.stored.train);
  }
  auto json = Json{{"out", options.common.out}, {"format", options.format}};
  json.update(summary_of(found.stored));
  json["error"] = found.error;
  json["seconds"] = seconds;
  const double share =
      static_cast<double>(tn::parameters(found.stored.train)) / static_cast<double>(array.numel());
  emit(options.common, json,
       fmt::format("{}: {} ({:.3g} of {}), relative error {:.3g}, {:.3g} s\n", options.common.out,
                   described(found.stored), share, array.numel(), found.error, seconds));
}

}  // namespace

void add_decompose(CLI::App& root) {
  const auto options = std::make_shared<DecomposeOptions>();
  auto& command = add_command(root, "decompose", "an array as a tensor train",
                              "  ranklens decompose x.npy --eps 1e-3 --out x.safetensors\n"
                              "  ranklens decompose w.npy --rows 4x4x8 --columns 8x4x4 --ranks 16 "
                              "--out w.safetensors",
                              options->common, Out::file);
  command.add_option("array", options->array, "a .npy file; computed in its own dtype")->required();
  command.add_option("--format", options->format, "tt: a tensor train (TT-SVD)")
      ->check(CLI::IsMember({"tt"}))
      ->capture_default_str();
  add_closeness(command, options->close);
  command.add_option("--rows", options->rows, "row modes of a matrix: a TT matrix, 4x4x8");
  command.add_option("--columns", options->columns, "its column modes, as many");
  command.callback([options] { decompose(*options); });
}

}  // namespace ranklens::app
