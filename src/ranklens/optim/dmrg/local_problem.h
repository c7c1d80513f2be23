#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/optim/dmrg/pair_block.h"
#include "ranklens/optim/dmrg/side.h"

namespace ranklens::optim {

/// What two neighbouring cores see of the data: f is linear in their product, the pair
/// [r, d, classes, d', r'], f[n, l] = sum of pair[a, i, l, j, b] before[n, a] first[n, i]
/// second[n, j] behind[n, b] times the sample's scale. Sums are of the size of their parts: scales
/// have a mean square of one, and what they were divided by is `log_scale`.
///
/// Where one of the sides is labelled, the pair is [r, d, 1, d', r'] and the side's vectors have
/// the label.
///
/// f and its adjoint are products of matrices over parts of the samples, 2 classes p q operations a
/// sample each (p = r d, q = d' r'), or 2 (p q + classes p) beside a labelled side. Samples whose
/// feature at a site is its first number alone (a black pixel is (1, 0)) take that part of the
/// pair, a quarter of the work where both are.
class LocalProblem {
 public:
  /// `log_scale`: by which the train without the pair is multiplied. `targets` [samples, classes].
  /// Features are [samples, d] and [samples, d'].
  LocalProblem(const Side& before, const at::Tensor& first_feature,
               const at::Tensor& second_feature, const Side& behind, const at::Tensor& targets,
               double log_scale);

  /// [samples, classes]; samples stand in an order of their own, which is that of targets().
  at::Tensor values(const at::Tensor& pair) const;
  /// The transpose of values(): a pair.
  at::Tensor adjoint(const at::Tensor& values) const;
  const at::Tensor& targets() const { return targets_; }

  /// How far the two sides of a pair are from numbers of one size that have nothing to do with each
  /// other: second moments of what they see, [r d, r d] and [d' r', d' r'], float64, a sample of
  /// the samples where there are many.
  struct Moments {
    at::Tensor left, right;
  };
  Moments moments() const;

  /// Frobenius norm of the matrix that values() is; for one class, where the pair has the label.
  double norm() const { return norm_; }
  /// The train is e^log_scale() times values() of its pair.
  double log_scale() const { return log_scale_; }
  /// Floating-point operations of one values() or adjoint().
  double operations() const;

 private:
  void add_block(const Side& before, const at::Tensor& first, const at::Tensor& second,
                 const Side& behind, const at::Tensor& scales, const PairBlock& kind,
                 const at::Tensor& rows);

  std::vector<PairBlock> blocks_;
  at::Tensor targets_;
  std::vector<std::int64_t> sizes_;  ///< of a pair
  double norm_ = 0, log_scale_ = 0;
};

struct LocalOptions {
  int iterations = 4;
  double tolerance = 1e-7;
  /// Share of their mean that is added to the eigenvalues of both sides' moments, by whose inverses
  /// gradients are multiplied; infinite: plain conjugate gradients.
  double damping = 1;
};

/// What conjugate gradients made of a pair, and half the mean square of f - targets before and
/// after.
struct LocalSolution {
  at::Tensor pair;
  double before = 0, after = 0;
};

/// Conjugate gradients on the least-squares problem, by the residual and not by the normal matrix
/// (Hestenes, Stiefel 1952; Björck 1996, section 7.4: CGLS), two sums over the samples an
/// iteration. They end after `iterations`, or where the gradient is no more than `tolerance` of
/// what the residual and the data could make of it, |A^T r| <= tolerance |A|_F |r| (Paige, Saunders
/// 1982): no scale of data or targets matters. A start that is worse than none is scaled first.
///
/// Numbers of a side are far from independent, so gradients are multiplied by the inverses of both
/// sides' second moments (damped): the normal matrix is the sum over the samples of products of a
/// left and a right part, and this is the product of the sums (as in Martens, Grosse 2015).
LocalSolution solve_least_squares(const LocalProblem& problem, const LocalProblem::Moments& moments,
                                  const at::Tensor& start, const LocalOptions& options);

/// Half the mean square of the residual's rows.
double half_mean_square(const at::Tensor& residual);

}  // namespace ranklens::optim
