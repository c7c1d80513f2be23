#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/formats/tucker_approximation.h"

#include "commands.h"
#include "outputs.h"
#include "trains.h"

namespace ranklens::app {
namespace {

struct RoundCommand {
  Common common;
  std::string file, method = "qr";
  ClosenessOptions close;
};

tn::RoundMethod method_of(const std::string& name) {
  if (name == "gram") return tn::RoundMethod::gram;
  return name == "randomised" ? tn::RoundMethod::randomised : tn::RoundMethod::qr;
}

struct RoundedTensor {
  tn::Stored stored;
  double error = 0;
};

RoundedTensor rounded(const RoundCommand& options, tn::Stored stored) {
  const auto closeness = options.close.closeness();
  if (auto* train = std::get_if<tn::StoredTrain>(&stored)) {
    auto found = tn::round(train->train, {.eps = closeness.eps,
                                          .ranks = closeness.ranks,
                                          .method = method_of(options.method),
                                          .seed = options.common.seed});
    train->train = std::move(found.train);
    return {std::move(stored), found.error};
  }
  const auto* tucker = std::get_if<tn::Tucker>(&stored);
  base::require(tucker != nullptr,
                "'{}' holds a sum of rank-one tensors, which has no rounding: decompose the array "
                "anew with fewer terms",
                options.file);
  base::require(options.method == "qr", "--method {} is for tensor trains, and '{}' holds a {}",
                options.method, options.file, format_title(stored));
  auto found = tn::round(*tucker, closeness);
  return {std::move(found.value), found.error};
}

void round(const RoundCommand& options) {
  start(options.common);
  base::require(options.close.given(), "--eps or --ranks is required: how close, or how large");
  require_replaceable({{"--out", options.common.out, FileKind::decomposed}}, {options.file});
  auto stored = open_stored(options.file, options.common);
  const auto before = tn::parameters(stored);
  base::Stopwatch watch;
  const auto found = rounded(options, std::move(stored));
  const double seconds = watch.seconds();
  tn::write_stored(options.common.out, found.stored);
  auto json = Json{{"out", options.common.out}};
  json.update(summary_of(found.stored));
  json["parameters_before"] = before;
  json["error"] = found.error;
  json["seconds"] = seconds;
  emit(options.common, json,
       fmt::format("{}: {} (from {}), relative error {:.3g}, {:.3g} s\n", options.common.out,
                   described(found.stored), before, found.error, seconds));
}

}  // namespace

void add_round(CLI::App& root) {
  const auto options = std::make_shared<RoundCommand>();
  auto& command = add_command(root, "round", "a tensor train or Tucker tensor with lower ranks",
                              "  ranklens round x.safetensors --eps 1e-2 --out y.safetensors",
                              options->common, Out::file, {.dtype = false, .quiet = false});
  command.add_option("file", options->file, "a train or Tucker tensor, as decompose writes it")
      ->required();
  require_out(command, std::string("the file of the rounded tensor") + kReplacesOwnKind);
  add_closeness(command, options->close);
  command.add_option("--method", options->method, "of trains: qr, gram or randomised")
      ->check(CLI::IsMember({"qr", "gram", "randomised"}))
      ->capture_default_str();
  command.callback([options] { round(*options); });
}

}  // namespace ranklens::app
