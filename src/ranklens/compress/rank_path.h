#pragma once

#include <functional>
#include <vector>

#include "ranklens/nn/weight_spec.h"

namespace ranklens::compress {

/// What ranks cut off of several spectra: the singular values of several cuts of one tensor, each
/// descending.
class Tails {
 public:
  explicit Tails(const std::vector<at::Tensor>& spectra);

  /// The ranks that cut off nothing but rounding errors, at least 1.
  nn::Shape exact() const;
  /// The share of all squares of a cut that lies behind its first `rank` values.
  double behind(std::size_t cut, std::int64_t rank) const;
  /// The largest of those of all cuts: the least squared error, relative, that a tensor of these
  /// ranks can have.
  double most_behind(const nn::Shape& ranks) const;
  /// About the squared error of cutting one after the other, as if every cut kept its share of
  /// what the others keep.
  double estimated_error(const nn::Shape& ranks) const;

 private:
  std::vector<std::vector<double>> tails_;
};

/// One rank lower: where the square that is cut off is least for the numbers that are saved.
/// `numbers` says what ranks take. The same ranks where all are 1.
nn::Shape lowered(const nn::Shape& ranks, const Tails& tails,
                  const std::function<std::int64_t(const nn::Shape&)>& numbers);

}  // namespace ranklens::compress
