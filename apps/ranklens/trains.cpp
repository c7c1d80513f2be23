#include "trains.h"

#include <charconv>
#include <cmath>

#include <CLI/CLI.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/npy.h"
#include "ranklens/tn/linalg/numbers.h"

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
  base::require(eps == -1 || (eps >= 0 && std::isfinite(eps)),
                "eps must be a number not below 0, not {}", eps);
  tn::Closeness result;
  if (eps != -1) result.eps = eps;
  if (!ranks.empty()) result.ranks = parse_sizes(ranks, "ranks");
  return result;
}

void add_closeness(CLI::App& command, ClosenessOptions& options) {
  command.add_option("--eps", options.eps, "relative Frobenius error that is kept");
  command.add_option("--ranks", options.ranks,
                     "upper bounds of the ranks: one for all, or one a bond: 4,8,4");
}

at::Tensor read_array(const std::string& file, const Common& common) {
  auto array = base::read_npy(file);
  if (!tn::computes_in(array.scalar_type())) {
    const bool half = array.scalar_type() == at::kHalf || array.scalar_type() == at::kBFloat16;
    array = array.to(half ? at::kFloat : at::kDouble);
  }
  return array.to(common.torch_device());
}

tn::StoredTrain open_train(const std::string& file, const Common& common) {
  auto stored = tn::read_train(file);
  stored.train = tn::to(stored.train, common.torch_device());
  return stored;
}

std::string described(const tn::StoredTrain& stored) {
  const auto modes = stored.is_matrix() ? fmt::format("{} by {}", tn::text(*stored.rows),
                                                      tn::text(*stored.columns))
                                        : tn::text(tn::shape(stored.train));
  return fmt::format("{}, ranks {}, {} parameters", modes,
                     stored.train.cores.size() > 1 ? tn::text(tn::ranks(stored.train)) : "none",
                     tn::parameters(stored.train));
}

Json summary_of(const tn::StoredTrain& stored) {
  Json json;
  if (stored.is_matrix()) {
    json = {{"rows", *stored.rows}, {"columns", *stored.columns}};
  } else {
    json = {{"shape", tn::shape(stored.train)}};
  }
  json["ranks"] = tn::ranks(stored.train);
  json["parameters"] = tn::parameters(stored.train);
  return json;
}

}  // namespace ranklens::app
