#include "ranklens/compress/rank_path.h"

#include <algorithm>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/where.h>

namespace ranklens::compress {
namespace {

/// The share of all squares that lies behind the first k singular values: at place k - 1, for
/// k = 1 ... . Rounding errors count as nothing.
std::vector<double> tails_of(const at::Tensor& singular_values) {
  const auto squares = singular_values.to(at::kDouble).square();
  const auto behind = (squares.flip(0).cumsum(0).flip(0) - squares) / squares.sum();
  const auto tails = at::where(behind > 1e-26, behind, 0.0).contiguous();
  const auto* first = tails.const_data_ptr<double>();
  return {first, first + tails.numel()};
}

}  // namespace

Tails::Tails(const std::vector<at::Tensor>& spectra) {
  for (const auto& spectrum : spectra) tails_.push_back(tails_of(spectrum));
}

nn::Shape Tails::exact() const {
  nn::Shape ranks;
  for (const auto& tail : tails_)
    ranks.push_back(std::find(tail.begin(), tail.end(), 0.0) - tail.begin() + 1);
  return ranks;
}

double Tails::behind(std::size_t cut, std::int64_t rank) const {
  const auto place = static_cast<std::size_t>(rank) - 1;
  return place < tails_[cut].size() ? tails_[cut][place] : 0;
}

double Tails::most_behind(const nn::Shape& ranks) const {
  double most = 0;
  for (std::size_t cut = 0; cut < ranks.size(); ++cut)
    most = std::max(most, behind(cut, ranks[cut]));
  return most;
}

double Tails::estimated_error(const nn::Shape& ranks) const {
  double kept = 1;
  for (std::size_t cut = 0; cut < ranks.size(); ++cut) kept *= 1 - behind(cut, ranks[cut]);
  return 1 - kept;
}

nn::Shape lowered(const nn::Shape& ranks, const Tails& tails,
                  const std::function<std::int64_t(const nn::Shape&)>& numbers) {
  const auto now = numbers(ranks);
  auto best = ranks;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    if (ranks[k] == 1) continue;
    auto lower = ranks;
    --lower[k];
    const double cost = (tails.behind(k, lower[k]) - tails.behind(k, ranks[k])) /
                        static_cast<double>(now - numbers(lower));
    if (cost < least) least = cost, best = lower;
  }
  return best;
}

}  // namespace ranklens::compress
