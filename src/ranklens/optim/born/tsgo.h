#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::optim {

/// A unit vector turned by exactly `angle` radians against the part of `gradient` orthogonal to it
/// (Sun, Ran, Su 2020, eq. 7, whose step tan(angle) is the angle only for a gradient of length
/// one): cos(angle) point - sin(angle) t / |t|. The point as it is where there is no such part.
at::Tensor rotated(const at::Tensor& point, const at::Tensor& gradient, double angle);

struct TsgoOptions {
  /// Radians that a core is turned by in a step.
  double angle = 0.17453292519943295;  ///< 10 degrees
  /// The angle is multiplied by this when a sweep has raised the loss, until `least`.
  double shrink = 1.0 / 3;
  double least = 1e-6;
};

/// Trains a Born machine by tangent-space gradients, core by core (Sun, Ran, Su 2020): the centre
/// moves over the sites, and where it is, the core, of norm one, is turned against the gradient of
/// the negative log-likelihood. Invariant to the scale of psi, as the loss is.
class Tsgo {
 public:
  /// `features` [samples, sites, d], in the type that is computed in; `start` with modes d.
  Tsgo(const tn::TensorTrain& start, at::Tensor features, const TsgoOptions& options = {});

  /// Forth and back over all sites; the mean negative log-likelihood after it, in nats a sample.
  double sweep();

  /// The state, of norm one, its centre at the first site.
  tn::TensorTrain state() const;
  /// The angle of the next sweep.
  double angle() const { return options_.angle; }

 private:
  at::Tensor feature(std::size_t site) const;
  /// One step at `site`, where the centre is.
  void turn(std::size_t site);
  void carry_right(std::size_t site);
  void carry_left(std::size_t site);

  std::vector<at::Tensor> cores_;
  at::Tensor features_;
  TsgoOptions options_;
  /// What the sites before and behind each one leave of every sample, [samples, r], of size one.
  std::vector<at::Tensor> before_, behind_;
  double last_;
};

/// The gradient of the mean negative log-likelihood with respect to a centre core T of norm one:
/// 2 T - (2 / samples) sum_x (d psi(x) / d T) / psi(x). Orthogonal to T. `before` [samples, r],
/// `behind` [samples, r'], of any scale. Samples whose psi vanishes are held back by a floor.
at::Tensor centre_gradient(const at::Tensor& core, const at::Tensor& before,
                           const at::Tensor& feature, const at::Tensor& behind);

}  // namespace ranklens::optim
