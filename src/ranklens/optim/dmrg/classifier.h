#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::optim {

struct DmrgOptions {
  std::int64_t bond = 20;  ///< largest rank kept
  double cutoff = 1e-10;   ///< share of the squared norm that a split may cut off
  int iterations = 4;      ///< of conjugate gradients at each bond
  double ridge = 0;        ///< added to the loss: ridge / 2 times the squared norm of the two cores
};

/// A matrix product state with a label on one core, as a list of cores: `cores[k]` [r, d, r'], but
/// at `centre` [r, d, classes, r'].
struct LabelledState {
  std::vector<at::Tensor> cores;
  std::size_t centre = 0;
};

/// f [batch, classes] for features [batch, sites, d].
at::Tensor values(const LabelledState& state, const at::Tensor& features);

/// The cores as the operator `mps_classifier` has them: [r, d, r'], and after the first `label` of
/// them one of [r, classes, r'].
struct ClassifierCores {
  std::vector<at::Tensor> cores;
  std::size_t label = 0;
};
ClassifierCores classifier_cores(const LabelledState& state);

/// Trains the classifier of Stoudenmire and Schwab (2016) by sweeps over pairs of neighbouring
/// cores: with the others held and orthogonal, f is linear in a pair's product, and the mean of |f
/// - y|^2 / 2 (y the unit vector of the class) is a linear least-squares problem, on which a few
/// conjugate gradients are taken; the product is then split by a singular value decomposition that
/// finds the rank, and the label moves on. No local solve raises the loss; a truncation may.
class DmrgClassifier {
 public:
  /// `features` [samples, sites, d], `labels` [samples] int64 in [0, classes). Starts from random
  /// cores near the identity of rank `start_bond`.
  DmrgClassifier(at::Tensor features, const at::Tensor& labels, std::int64_t classes,
                 std::uint64_t seed, const DmrgOptions& options = {}, std::int64_t start_bond = 4);

  /// What one bond did to the loss.
  struct Bond {
    double before = 0, solved = 0;  ///< the loss before and after the local solve
    double discarded = 0;           ///< share of the squared norm cut off
    std::int64_t rank = 0;
  };
  /// Forth and back over all bonds.
  std::vector<Bond> sweep();

  const LabelledState& state() const { return state_; }
  /// The mean of |f - y|^2 / 2.
  double loss() const;

 private:
  at::Tensor feature(std::size_t site) const;
  Bond solve(std::size_t site, bool rightward);
  void extend_before(std::size_t site);
  void extend_behind(std::size_t site);

  at::Tensor features_, targets_;
  DmrgOptions options_;
  LabelledState state_;
  std::vector<at::Tensor> before_,
      behind_;  ///< [samples, r], of what lies on either side of a site
};

}  // namespace ranklens::optim
