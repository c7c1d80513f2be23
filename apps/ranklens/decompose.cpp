#include "ranklens/tn/train/decompose.h"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/base/progress.h"
#include "ranklens/tn/formats/cp_approximation.h"
#include "ranklens/tn/formats/tucker_approximation.h"
#include "ranklens/tn/formats/tucker_train.h"

#include "checks.h"
#include "commands.h"
#include "outputs.h"
#include "trains.h"

namespace ranklens::app {
namespace {

struct DecomposeOptions {
  Common common;
  std::string array, format = "tt", rows, columns;
  ClosenessOptions close;
  std::int64_t sweeps = tn::CPOptions().max_sweeps;
};

struct Decomposed {
  tn::Stored stored;
  double error = 0;
  Json more{};  ///< what only one format has to say
  std::string text{}, warning{};
};

Decomposed as_train(const DecomposeOptions& options, const at::Tensor& array) {
  const auto closeness = options.close.closeness();
  if (options.rows.empty() && options.columns.empty()) {
    auto found = tn::decompose(array, closeness);
    return {tn::StoredTrain{std::move(found.train), {}, {}}, found.error};
  }
  base::require(!options.rows.empty() && !options.columns.empty(),
                "a TT matrix needs both --rows and --columns");
  const auto rows = parse_sizes(options.rows, "modes");
  const auto columns = parse_sizes(options.columns, "modes");
  const auto found = tn::decompose(array, rows, columns, closeness);
  return {tn::StoredTrain{tn::fused(found.matrix), rows, columns}, found.error};
}

Decomposed as_terms(const DecomposeOptions& options, const at::Tensor& array) {
  base::ProgressBar bar(options.common.quiet);
  auto found = tn::approximate_cp(array, {.close = options.close.closeness(),
                                          .max_sweeps = options.sweeps,
                                          .seed = options.common.seed,
                                          .progress = until_interrupted(bar.callback())});
  bar.clear();
  return {.stored = found.value,
          .error = found.error,
          .more = {{"degenerate", found.degenerate},
                   {"converged", found.converged},
                   {"sweeps", found.sweeps}},
          .text = found.degenerate
                      ? "its terms nearly cancel each other: there may be no best sum of so few\n"
                      : "",
          .warning = unsettled(found)};
}

Decomposed as_hybrid(const DecomposeOptions& options, const at::Tensor& array) {
  auto found = tn::tucker_train(array, options.close.of_hybrid());
  return {std::move(found.value), found.relative_error};
}

Decomposed decomposed(const DecomposeOptions& options, const at::Tensor& array) {
  if (options.format == "tt") return as_train(options, array);
  base::require(options.rows.empty() && options.columns.empty(),
                "--rows and --columns are for a TT matrix (--format tt)");
  if (options.format == "cp") return as_terms(options, array);
  if (options.format == "tucker_tt") return as_hybrid(options, array);
  auto found = tn::approximate_tucker(array, options.close.closeness());
  return {std::move(found.value), found.error};
}

void decompose(const DecomposeOptions& options) {
  start(options.common);
  require_replaceable({{"--out", options.common.out, FileKind::decomposed}}, {options.array});
  const auto array = read_array(options.array, options.common);
  base::Stopwatch watch;
  const auto found = decomposed(options, array);
  const double seconds = watch.seconds();
  tn::write_stored(options.common.out, found.stored);
  auto json = Json{{"out", options.common.out}};
  json.update(summary_of(found.stored));
  json["error"] = found.error;
  json["seconds"] = seconds;
  if (!found.more.is_null()) json.update(found.more);
  const double share =
      static_cast<double>(tn::parameters(found.stored)) / static_cast<double>(array.numel());
  const auto text =
      fmt::format("{}: {} ({:.3g} of {}), relative error {:.3g}, {:.3g} s\n", options.common.out,
                  described(found.stored), share, array.numel(), found.error, seconds);
  std::cerr << found.warning;
  emit(options.common, json, text + found.text);
}

}  // namespace

void add_decompose(CLI::App& root) {
  const auto options = std::make_shared<DecomposeOptions>();
  auto& command = add_command(root, "decompose",
                              "an array as a tensor train, a Tucker tensor, a sum of "
                              "rank-one tensors or a Tucker train",
                              "  ranklens decompose x.npy --eps 1e-3 --out x.safetensors\n"
                              "  ranklens decompose x.npy --format tucker --ranks 8x8x4 --out "
                              "x.safetensors\n"
                              "  ranklens decompose x.npy --format cp --eps 0.05 --out "
                              "x.safetensors\n"
                              "  ranklens decompose w.npy --rows 4x4x8 --columns 8x4x4 --ranks 16 "
                              "--out w.safetensors",
                              options->common, Out::file, {.dtype = false});
  command.add_option("array", options->array, "a .npy file; computed in its own dtype")->required();
  command
      .add_option("--format", options->format,
                  "tt (TT-SVD), tucker (HOSVD; with --ranks HOOI), cp (alternating least "
                  "squares; --eps: fewest terms that were found) or tucker_tt (HOSVD, then "
                  "TT-SVD of its core)")
      ->check(CLI::IsMember({"tt", "tucker", "cp", "tucker_tt"}))
      ->capture_default_str();
  require_out(command, std::string("the file of the decomposed tensor") + kReplacesOwnKind);
  add_closeness(command, options->close);
  command.add_option("--rows", options->rows, "row modes of a matrix: a TT matrix, 4x4x8");
  command.add_option("--columns", options->columns, "its column modes, as many");
  command.add_option("--sweeps", options->sweeps, "of cp: most sweeps of a run")
      ->check(whole_number(1, 1 << 24))
      ->capture_default_str();
  command.callback([options] { decompose(*options); });
}

}  // namespace ranklens::app
