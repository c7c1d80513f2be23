#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace ranklens::optim {

struct ScheduleOptions {
  enum class Kind {
    constant,
    step,    ///< times `factor` after every `every` epochs
    linear,  ///< straight from 1 to `final`
    cosine,  ///< final + (1 - final)(1 + cos(pi t)) / 2 (Loshchilov and Hutter 2017, eq. 5)
    plateau  ///< times `factor` when the validation loss has not fallen for over `patience` epochs
  };
  Kind kind = Kind::constant;
  /// Epochs over which the rate first grows linearly from near 0 (Goyal et al. 2017, section 2.2).
  double warmup = 0;
  double every = 30;
  double factor = 0.1;
  double final = 0;
  std::int64_t patience = 10;
  /// What counts as a fall: below best * (1 - threshold).
  double threshold = 1e-4;
};

/// Where a run is.
struct Place {
  std::int64_t step = 0;  ///< from 0
  std::int64_t steps_per_epoch = 1;
  std::int64_t epochs = 1;
};

/// What multiplies the learning rate.
class Schedule {
 public:
  explicit Schedule(ScheduleOptions options = {});

  double factor(const Place& place) const;
  /// Told at the end of each epoch; only `plateau` listens.
  void observe(double validation_loss);
  /// Whether what it is told changes its factor.
  bool listens() const { return options_.kind == ScheduleOptions::Kind::plateau; }

  std::string spec() const;
  nlohmann::json save() const;
  void load(const nlohmann::json& saved);

 private:
  ScheduleOptions options_;
  double best_ = std::numeric_limits<double>::infinity();
  std::int64_t bad_epochs_ = 0;
  std::int64_t reductions_ = 0;
};

/// Reads "constant", "step(every=10,factor=0.1)", "linear(final=0)", "cosine(final=0,warmup=2)",
/// "plateau(patience=3,factor=0.1,threshold=1e-4)"; each takes warmup=EPOCHS.
Schedule make_schedule(std::string_view spec);

}  // namespace ranklens::optim
