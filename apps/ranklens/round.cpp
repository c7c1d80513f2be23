#include <cmath>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/formats/to_train.h"
#include "ranklens/tn/formats/tucker_approximation.h"
#include "ranklens/tn/train/algebra.h"

#include "checks.h"
#include "commands.h"
#include "outputs.h"
#include "trains.h"

namespace ranklens::app {
namespace {

struct RoundCommand {
  Common common;
  std::string file, method = "qr";
  ClosenessOptions close;
  std::int64_t sweeps = tn::CPOptions().max_sweeps;
};

tn::RoundMethod method_of(const std::string& name) {
  if (name == "gram") return tn::RoundMethod::gram;
  return name == "randomised" ? tn::RoundMethod::randomised : tn::RoundMethod::qr;
}

struct RoundedTensor {
  tn::Stored stored;
  double error = 0;
  std::string warning{};
};

/// What the cuts say, or, where they do not resolve it, the distance of the two trains.
double error_of(double by_cuts, const tn::TensorTrain& before, const tn::TensorTrain& after) {
  if (by_cuts > 1e-7) return by_cuts;
  const double log_size = tn::log_norm(before);
  return std::isfinite(log_size) ? std::exp(tn::log_norm(after - before) - log_size) : 0;
}

RoundedTensor rounded_train(const RoundCommand& options, tn::StoredTrain stored) {
  const auto closeness = options.close.closeness();
  auto found = tn::round(stored.train, {.eps = closeness.eps,
                                        .ranks = closeness.ranks,
                                        .method = method_of(options.method),
                                        .seed = options.common.seed});
  const double error = error_of(found.error, stored.train, found.train);
  stored.train = std::move(found.train);
  return {std::move(stored), error};
}

RoundedTensor rounded_hybrid(const RoundCommand& options, const tn::TuckerTrain& hybrid) {
  auto found = tn::round(hybrid, options.close.of_hybrid());
  const double error = error_of(found.error, tn::from_tucker(hybrid), tn::from_tucker(found.value));
  return {std::move(found.value), error};
}

RoundedTensor rounded(const RoundCommand& options, const tn::Stored& stored) {
  if (const auto* train = std::get_if<tn::StoredTrain>(&stored))
    return rounded_train(options, *train);
  base::require(options.method == "qr", "--method {} is for tensor trains, and '{}' holds a {}",
                options.method, options.file, format_title(stored));
  if (const auto* hybrid = std::get_if<tn::TuckerTrain>(&stored))
    return rounded_hybrid(options, *hybrid);
  if (const auto* cp = std::get_if<tn::CP>(&stored)) {
    const auto found = tn::round(*cp, {.close = options.close.closeness(),
                                       .max_sweeps = options.sweeps,
                                       .seed = options.common.seed});
    return {found.value, found.error, unsettled(found)};
  }
  auto found = tn::round(std::get<tn::Tucker>(stored), options.close.closeness());
  return {std::move(found.value), found.error};
}

void round(const RoundCommand& options) {
  start(options.common);
  base::require(options.close.given(), "--eps or --ranks is required: how close, or how large");
  require_replaceable({{"--out", options.common.out, FileKind::decomposed}}, {options.file});
  const auto stored = open_stored(options.file, options.common);
  const auto before = tn::parameters(stored);
  base::Stopwatch watch;
  const auto found = rounded(options, stored);
  const double seconds = watch.seconds();
  tn::write_stored(options.common.out, found.stored);
  auto json = Json{{"out", options.common.out}};
  json.update(summary_of(found.stored));
  json["parameters_before"] = before;
  json["error"] = found.error;
  json["seconds"] = seconds;
  std::cerr << found.warning;
  emit(options.common, json,
       fmt::format("{}: {} (from {}), relative error {:.3g}, {:.3g} s\n", options.common.out,
                   described(found.stored), before, found.error, seconds));
}

}  // namespace

void add_round(CLI::App& root) {
  const auto options = std::make_shared<RoundCommand>();
  auto& command = add_command(root, "round", "a decomposed tensor with lower ranks",
                              "  ranklens round x.safetensors --eps 1e-2 --out y.safetensors",
                              options->common, Out::file, {.dtype = false, .quiet = false});
  command.add_option("file", options->file, "a tensor in any format, as decompose writes it")
      ->required();
  require_out(command, std::string("the file of the rounded tensor") + kReplacesOwnKind);
  add_closeness(command, options->close);
  command.add_option("--method", options->method, "of trains: qr, gram or randomised")
      ->check(CLI::IsMember({"qr", "gram", "randomised"}))
      ->capture_default_str();
  command.add_option("--sweeps", options->sweeps, "of sums of rank-one tensors: most of a run")
      ->check(whole_number(1, 1 << 24))
      ->capture_default_str();
  command.callback([options] { round(*options); });
}

}  // namespace ranklens::app
