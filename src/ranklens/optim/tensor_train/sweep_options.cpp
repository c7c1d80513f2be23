#include <fmt/format.h>

#include "ranklens/optim/tensor_train/sweep.h"

namespace ranklens::optim {

namespace {

using SweepMethod = SweepOptions::Method;

/// What a place is called: a bond between two cores, or a core.
const char* places_key(SweepMethod method) {
  return method == SweepMethod::dmrg ? "bonds" : "cores";
}

}  // namespace

const std::vector<std::string>& sweep_methods() {
  static const std::vector<std::string> names{"dmrg", "als"};
  return names;
}

SweepOptions read_sweep_options(base::SpecReader& spec) {
  SweepOptions o;
  if (spec.name() == "als") {
    o.method = SweepMethod::als;
    o.reach = 0.1;  // without a split that cuts off noise, batches are fitted sooner
  }
  if (o.method == SweepMethod::dmrg) {
    o.bond = spec.integer("bond", o.bond, 1, 1 << 20);
    o.cutoff = spec.number("cutoff", o.cutoff, 0, 1 - 1e-12);
  }
  o.iterations = static_cast<int>(spec.integer("iterations", o.iterations, 1, 1 << 20));
  o.places = spec.integer(places_key(o.method), o.places, 0, 1 << 20);
  o.reach = spec.number("reach", o.reach, 1e-12, 1e6);
  o.lr = spec.number("lr", o.lr, 1e-12, 1e6);
  return o;
}

std::string spec_of(const SweepOptions& o) {
  const bool dmrg = o.method == SweepMethod::dmrg;
  return fmt::format("{}({}iterations={},{}={},reach={},lr={})", dmrg ? "dmrg" : "als",
                     dmrg ? fmt::format("bond={},cutoff={},", o.bond, o.cutoff) : std::string(),
                     o.iterations, places_key(o.method), o.places, o.reach, o.lr);
}

}  // namespace ranklens::optim
