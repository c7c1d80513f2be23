#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/optim/dmrg/labelled_state.h"
#include "ranklens/optim/dmrg/local_problem.h"
#include "ranklens/optim/dmrg/side.h"
#include "ranklens/optim/dmrg/split.h"

namespace ranklens::optim {

/// Which core has the label.
enum class LabelCore {
  middle,  ///< always the middle one, as in the code published with the paper
  moving,  ///< one of the pair, as in the paper
};

/// In which norm the pair that is nearest to the solved one is looked for.
enum class CutBy {
  data,  ///< that of its values on the data, about: split_pair()
  norm,  ///< the state's own, as in the paper
};

struct DmrgOptions {
  std::int64_t bond = 20;   ///< largest rank kept
  double cutoff = 1e-10;    ///< share of the squared norm that a split may cut off
  int iterations = 4;       ///< of conjugate gradients at each bond, as in the authors' code
  double tolerance = 1e-7;  ///< where they end before: see solve_least_squares()
  double damping = 1;       ///< of the gradients' preconditioner: see LocalOptions
  CutBy cut = CutBy::data;
  LabelCore label = LabelCore::middle;
  double labelled_bytes = 4e9;  ///< for what lies on the label's side; more of it is made twice
};

/// Trains the classifier of Stoudenmire and Schwab (2016) by sweeps over pairs of neighbouring
/// cores: with the others held and orthogonal, f is linear in a pair's product, and the mean of |f
/// - y|^2 / 2 (y the unit vector of the class) is a linear least-squares problem, on which a few
/// conjugate gradients are taken, preconditioned (solve_least_squares()); the product is then split
/// in a norm that is about that of f on the data (split_pair()), which finds the rank. No local
/// solve raises the loss; a truncation may.
///
/// With the label in the middle, `bond` functions of the sites before it meet as many of those
/// behind it for each class. A label that moves with the pair sees `bond` functions shared by all
/// classes at either end, so that each sweep cuts off most of what the classes do not share, and
/// takes `classes` times the work. Either way a sweep begins and ends in the middle.
///
/// A sample keeps the vectors of one side at every site, samples x sites x bond numbers in all,
/// and, with the label in the middle, `classes` times as many at the sites of one half; where these
/// would be more than `labelled_bytes` it keeps them at a few sites and makes the others twice, to
/// the same bits. An iteration takes about 4 samples (d bond)^2 operations a bond (with a label
/// that moves `classes` times as many) where no feature is zero.
class DmrgClassifier {
 public:
  /// `features` [samples, sites, d] float32 or float64, `labels` [samples] int64 in [0, classes).
  /// Begins with start_state() of rank `start_bond`. Error if the memory is not there.
  DmrgClassifier(at::Tensor features, const at::Tensor& labels, std::int64_t classes,
                 std::uint64_t seed, const DmrgOptions& options = {}, std::int64_t start_bond = 4);
  /// Goes on from a state: that of state() after a sweep continues bit by bit. Its label is on the
  /// middle core, sites / 2, all others are orthogonal towards it; an Error otherwise.
  DmrgClassifier(at::Tensor features, const at::Tensor& labels, LabelledState start,
                 const DmrgOptions& options = {});

  /// What one bond did to the loss.
  struct Bond {
    double before = 0, solved = 0;  ///< the loss before and after the local solve
    double discarded = 0;           ///< share of the squared norm cut off, in the norm of the cut
    /// What the loss can have become by that: (sqrt(solved) + |A| |cut off| / sqrt(2 samples))^2,
    /// with A the matrix that makes values of the pair.
    double bound = 0;
    std::int64_t rank = 0;
    double operations = 0;  ///< floating-point ones of a sum over the samples
  };
  /// From the middle to the last bond, back to the first, and to the middle. `go_on`, called after
  /// each of them, ends the sweep where it says no: state() is a state then, too, but from there on
  /// only a new trainer goes on.
  std::vector<Bond> sweep(const std::function<bool(const Bond&)>& go_on = {});
  /// How many bonds a sweep has.
  std::int64_t bonds() const { return 2 * (features_.size(1) - 1); }

  /// The cores of a bond as one, of which f is linear, and the gradient of the loss with respect to
  /// it.
  struct Pair {
    at::Tensor pair, gradient;  ///< [r, d, classes, d', r'], [r, d, 1, d', r'] without the label
    double log_scale = 0;       ///< of the train that has `pair` in place of the two cores
  };
  /// Of the bond between `site` and the next, where that is the one to be solved now: that of
  /// the middle before a sweep, the one after the last from within `go_on`. An Error for any other.
  Pair pair(std::size_t site) const;

  const LabelledState& state() const { return state_; }
  /// The mean of |f - y|^2 / 2, computed from the cores alone.
  double loss() const;

 private:
  at::Tensor feature(std::size_t site) const;
  at::Tensor merged(std::size_t site) const;
  LocalProblem problem(std::size_t site) const;
  void extend_before(std::size_t site);
  void extend_behind(std::size_t site);
  void want_sides(std::size_t site);
  void leave(std::size_t site, bool rightward);
  Bond solve(std::size_t site, bool rightward);
  void put(std::size_t site, bool rightward, SplitPair cut, at::IntArrayRef sizes,
           double log_scale);

  at::Tensor features_, targets_;
  DmrgOptions options_;
  LabelledState state_;
  std::size_t place_ = 0;   ///< the core towards which all others are orthogonal
  std::size_t stride_ = 1;  ///< of so many labelled sides one is kept
  bool midway_ = false;     ///< in a sweep, or in one that was ended
  /// What lies on either side of each site, as far as it is needed: one side a site.
  std::vector<Side> before_, behind_;
};

/// Bytes that training takes, beside the features.
double dmrg_memory(at::IntArrayRef features, at::ScalarType type, std::int64_t classes,
                   const DmrgOptions& options);

}  // namespace ranklens::optim
