#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/metrics/faithfulness.h"

/// Every metric by its name, for the command line, the study and the report.
namespace ranklens::metrics {

enum class Direction { higher, lower };  ///< which end is better

enum class Family { localisation, concentration, faithfulness, agreement };

/// What a metric is measured on. `maps` [N,H,W] always; the rest as the metric needs it.
struct Subject {
  at::Tensor maps{};
  at::Tensor masks{};    ///< [N,H,W] uint8 or bool
  at::Tensor others{};   ///< [N,H,W], the maps to compare with
  at::Tensor images{};   ///< [N,C,H,W]
  at::Tensor targets{};  ///< [N] int64
  ScoreFunction score{};
  std::int64_t batch = 64;
};

struct Needs {
  bool mask = false;
  bool model = false;  ///< images, targets and a scoring function
  bool second_map = false;
};

/// A metric that is the area under a perturbation curve with the paper's settings.
struct CurveArea {
  Game game;
  Score score;
};

struct Metric {
  std::string_view name;
  Family family;
  Direction direction;
  Needs needs;
  double lowest;  ///< of the values it can take; infinite where there is no bound
  double highest;
  std::string_view summary;  ///< one line for people
  std::string_view source;   ///< where the definition comes from
  at::Tensor (*evaluate)(const Subject&);
  std::optional<CurveArea> curve{};
};

/// All metrics, in the order of docs/metrics.md, with their default options.
std::span<const Metric> all();

/// The metric of that name. Error (with the nearest names) if there is none.
const Metric& find(std::string_view name);

/// The metrics that can be computed with what the subject holds.
std::vector<const Metric*> applicable(const Subject& subject);

/// [N] float64. Error if the subject lacks something the metric needs.
at::Tensor measure(const Metric& metric, const Subject& subject);

/// The same for each of several metrics, in their order; those that look at the same perturbed
/// images run the network once.
std::vector<at::Tensor> measure(std::span<const Metric* const> metrics, const Subject& subject);

std::string_view to_string(Direction direction);
std::string_view to_string(Family family);

}  // namespace ranklens::metrics
