#include "trains.h"

#include <charconv>

#include <CLI/CLI.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/npy.h"
#include "ranklens/tn/linalg/numbers.h"

#include "checks.h"

namespace ranklens::app {

tn::Shape parse_sizes(const std::string& text, const std::string& what) {
  tn::Shape sizes;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(at, end, value);
    base::require(
        error == std::errc() && value >= 1 && (stop == end || *stop == ',' || *stop == 'x'),
        "'{}' is no list of {}; write numbers from 1 up, such as 4x8x4 or 16", text, what);
    sizes.push_back(value);
    if (stop == end) return sizes;
    at = stop + 1;
  }
}

tn::Closeness ClosenessOptions::closeness() const {
  base::require(given(), "--eps or --ranks is required: how close, or how large");
  base::require(bonds.empty(), "--bond-ranks is for Tucker trains, whose --ranks are of the modes");
  tn::Closeness result;
  if (eps != -1) result.eps = eps;
  if (!ranks.empty()) result.ranks = parse_sizes(ranks, "ranks");
  return result;
}

tn::TuckerTrainOptions ClosenessOptions::of_hybrid() const {
  base::require(given(), "--eps, --ranks or --bond-ranks is required: how close, or how large");
  tn::TuckerTrainOptions result;
  if (eps != -1) result.eps = eps;
  if (!ranks.empty()) result.ranks = parse_sizes(ranks, "ranks");
  if (!bonds.empty()) result.train_ranks = parse_sizes(bonds, "ranks");
  return result;
}

void add_closeness(CLI::App& command, ClosenessOptions& options) {
  command.add_option("--eps", options.eps, "relative Frobenius error that is kept")
      ->check(number(0, kAnyNumber));
  command.add_option(
      "--ranks", options.ranks,
      "upper bounds of the ranks: one for all, or one a bond (Tucker: a mode): 4,8,4");
  command.add_option("--bond-ranks", options.bonds,
                     "of a Tucker train: those of its train's bonds");
}

at::Tensor read_array(const std::string& file, const Common& common) {
  auto array = base::read_npy(file);
  if (!tn::computes_in(array.scalar_type())) {
    const bool half = array.scalar_type() == at::kHalf || array.scalar_type() == at::kBFloat16;
    array = array.to(half ? at::kFloat : at::kDouble);
  }
  return array.to(common.torch_device());
}

tn::Stored open_stored(const std::string& file, const Common& common) {
  return tn::to(tn::read_stored(file), common.torch_device());
}

std::string format_title(const tn::Stored& stored) {
  const auto format = tn::format_of(stored);
  if (format == "tucker") return "Tucker tensor";
  if (format == "cp") return "sum of rank-one tensors";
  if (format == "tucker_tt") return "Tucker train";
  return std::get<tn::StoredTrain>(stored).is_matrix() ? "TT matrix" : "tensor train";
}

std::string described(const tn::Stored& stored) {
  const auto* train = std::get_if<tn::StoredTrain>(&stored);
  const auto modes =
      train != nullptr && train->is_matrix()
          ? fmt::format("{} by {}", tn::text(*train->rows), tn::text(*train->columns))
          : tn::text(tn::shape(stored));
  const auto ranks = tn::ranks(stored);
  const auto* hybrid = std::get_if<tn::TuckerTrain>(&stored);
  const auto of_modes =
      hybrid != nullptr ? fmt::format("mode ranks {}, ", tn::text(tn::mode_ranks(*hybrid))) : "";
  return fmt::format("{}, {}{} {}, {} parameters", modes, of_modes,
                     tn::format_of(stored) == "cp" ? "rank" : "ranks",
                     ranks.empty() ? "none" : tn::text(ranks), tn::parameters(stored));
}

std::string unsettled(const tn::CPApproximation& found) {
  if (found.converged) return "";
  return fmt::format(
      "ranklens: least squares in turns had not settled after {} sweeps: more --sweeps may come "
      "closer\n",
      found.sweeps);
}

Json summary_of(const tn::Stored& stored) {
  Json json{{"format", tn::format_of(stored)}};
  const auto* train = std::get_if<tn::StoredTrain>(&stored);
  if (train != nullptr && train->is_matrix()) {
    json["rows"] = *train->rows;
    json["columns"] = *train->columns;
  } else {
    json["shape"] = tn::shape(stored);
  }
  json["ranks"] = tn::ranks(stored);
  if (const auto* hybrid = std::get_if<tn::TuckerTrain>(&stored))
    json["mode_ranks"] = tn::mode_ranks(*hybrid);
  json["parameters"] = tn::parameters(stored);
  return json;
}

}  // namespace ranklens::app
