#include <cmath>
#include <memory>

#include <CLI/CLI.hpp>

#include "ranklens/base/error.h"

#include "commands.h"
#include "trains.h"

namespace ranklens::app {
namespace {

struct DotOptions {
  Common common;
  std::string a, b;
};

/// A number that leaves the range has none in JSON: null, and its logarithm beside it.
Json finite(double value) { return std::isfinite(value) ? Json(value) : Json(); }

tn::ScaledNumber product_of(const DotOptions& options, const tn::Stored& a, const tn::Stored& b) {
  try {
    return tn::dot(a, b);
  } catch (const base::Error& error) {
    base::fail("'{}' and '{}': {}", options.a, options.b, error.what());
  }
}

void dot(const DotOptions& options) {
  start(options.common);
  const auto a = open_stored(options.a, options.common), b = open_stored(options.b, options.common);
  const auto found = product_of(options, a, b);
  const auto unit = found.unit.to(at::kCPU, at::kComplexDouble).item<c10::complex<double>>();
  const auto value = unit * std::exp(found.log_scale);
  const double log_size = std::log(std::abs(unit)) + found.log_scale;
  const bool is_complex = found.unit.is_complex();
  Json json{
      {"dot", is_complex ? Json{finite(value.real()), finite(value.imag())} : finite(value.real())},
      {"log_abs", finite(log_size)},
      {"log_norm_a", finite(tn::log_norm(a))},
      {"log_norm_b", finite(tn::log_norm(b))}};
  auto text = fmt::format("{:.15g}", value.real());
  if (is_complex) text += fmt::format(" {:+.15g}i", value.imag());
  emit_and_save(options.common, json, text + fmt::format(" (ln of its size {:.15g})\n", log_size));
}

}  // namespace

void add_dot(CLI::App& root) {
  const auto options = std::make_shared<DotOptions>();
  auto& command = add_command(root, "dot", "the inner product of two decomposed tensors",
                              "  ranklens dot a.safetensors b.safetensors", options->common,
                              Out::json_file, {.seed = false, .dtype = false, .quiet = false});
  command.add_option("a", options->a, "a file that decompose wrote; the one that is conjugated")
      ->required();
  command.add_option("b", options->b, "another of the same shape; formats may differ")->required();
  command.callback([options] { dot(*options); });
}

}  // namespace ranklens::app
