#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"

#include "commands.h"
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

void round(const RoundCommand& options) {
  start(options.common);
  base::require(!options.common.out.empty(), "--out is required: the file to write");
  const auto closeness = options.close.closeness();
  auto stored = open_train(options.file, options.common);
  const auto before = tn::parameters(stored.train);
  base::Stopwatch watch;
  auto found = tn::round(stored.train, {.eps = closeness.eps,
                                        .ranks = closeness.ranks,
                                        .method = method_of(options.method),
                                        .seed = options.common.seed});
  const double seconds = watch.seconds();
  stored.train = std::move(found.train);
  if (stored.is_matrix()) {
    tn::write_train(options.common.out, stored.matrix());
  } else {
    tn::write_train(options.common.out, stored.train);
  }
  auto json = Json{{"out", options.common.out}};
  json.update(summary_of(stored));
  json["parameters_before"] = before;
  json["error"] = found.error;
  json["seconds"] = seconds;
  emit(options.common, json,
       fmt::format("{}: {} (from {}), relative error {:.3g}, {:.3g} s\n", options.common.out,
                   described(stored), before, found.error, seconds));
}

}  // namespace

void add_round(CLI::App& root) {
  const auto options = std::make_shared<RoundCommand>();
  auto& command = add_command(root, "round", "a tensor train with lower ranks",
                              "  ranklens round x.safetensors --eps 1e-2 --out y.safetensors",
                              options->common, Out::file);
  command.add_option("file", options->file, "a train, as decompose writes it")->required();
  add_closeness(command, options->close);
  command.add_option("--method", options->method, "qr, gram or randomised")
      ->check(CLI::IsMember({"qr", "gram", "randomised"}))
      ->capture_default_str();
  command.callback([options] { round(*options); });
}

}  // namespace ranklens::app
