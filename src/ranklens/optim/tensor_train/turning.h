#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ranklens/base/spec.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/optim/tensor_train/observed_trains.h"

namespace ranklens::optim {

/// How trains turn. Angles in radians.
struct TurningOptions {
  double theta = 0.17453292519943295;  ///< 10 degrees
  /// The angle is multiplied by this, down to `least`, when turning has raised the loss of the
  /// batch that it was turned for; 1: it stays.
  double shrink = 1.0 / 3;
  double least = 1.7453292519943295e-4;  ///< a hundredth of a degree
  AdamOptions others = {};               ///< of all tensors that are no trains
};

/// "10deg", or radians: "0.17". Error, naming the key, unless the angle lies between 0 and 90
/// degrees.
double parse_angle(std::string_view text, std::string_view key);

/// tsgo(theta=10deg,shrink=0.333,least=0.01deg,lr=1e-3, ... of Adam).
TurningOptions read_turning_options(base::SpecReader& spec);

/// The core whose turn it is when a train of `cores` cores has been turned so many times: forth and
/// back, the ends once each way.
std::size_t turned_core(std::int64_t turns, std::size_t cores);

/// Tangent-space gradient optimisation (Sun, Ran, Su 2020, of Born machines) for trains inside a
/// network whose scale does not matter, since batch norm or a norm taken of the output follows:
/// with the centre at a core, the core is a vector on a sphere, and is turned by the angle (times
/// the schedule's factor) against its gradient; the norm of the weight stays as it is, and so the
/// weight itself has turned by this angle. A step turns one core of every train and moves the
/// centre to the next, forth and back: as the sweeps of the source, with a gradient for each core,
/// but a batch for each, too, so that a step takes one evaluation; with shrink < 1 also the loss
/// after it. All other tensors move by Adam.
class TurningOptimiser final : public Optimiser {
 public:
  explicit TurningOptimiser(TurningOptions options = {});

  double step(nn::State& state, Objective& objective, double rate = 1) override;
  std::string spec() const override;
  std::map<std::string, at::Tensor> save() const override;
  void load(const std::map<std::string, at::Tensor>& saved) override;
  /// "angle" of the next turn, before the schedule's factor, in radians; and as of ObservedTrains.
  std::map<std::string, double> observed() const override;

 private:
  TurningOptions options_;
  Adam others_;
  double angle_;
  std::map<std::string, std::int64_t> turns_;  ///< by train
  ObservedTrains observed_;
};

}  // namespace ranklens::optim
