#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace ranklens::study::pendulum {

/// A mathematical pendulum: theta'' = -(gravity / length) sin theta. Angles in radians from the
/// lowest point, times in seconds.
struct Motion {
  double gravity = 9.81;
  double length = 1;
  double angle = 0.78539816339744831;  ///< at time 0: pi / 4
  double speed = 0;                    ///< rad/s at time 0
};

/// theta at times 0, step, 2 step, ..., count of them, by the classical Runge-Kutta method in steps
/// of at most a millisecond.
std::vector<double> swing(const Motion& motion, double step, std::int64_t count);

/// Points on rods of different lengths that swing together.
struct Cloud {
  at::Tensor lengths;  ///< [points]
  at::Tensor angles;   ///< [points], at time 0
};

/// `points` of them, lengths uniform over (0, length), angles normal around the motion's with
/// standard deviation `spread`.
Cloud make_cloud(const Motion& motion, std::int64_t points, double spread, std::uint64_t seed);

/// Where the points are [points, 2] (x to the right, y upward) after all angles have grown by
/// `turn`, less their mean.
at::Tensor centred(const Cloud& cloud, double turn);
/// The mean [2].
at::Tensor centre(const Cloud& cloud, double turn);

}  // namespace ranklens::study::pendulum
