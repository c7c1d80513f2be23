#include "ranklens/metrics/registry.h"

#include <array>
#include <string>

#include "ranklens/base/error.h"
#include "ranklens/metrics/agreement.h"
#include "ranklens/metrics/concentration.h"
#include "ranklens/metrics/localisation.h"

namespace ranklens::metrics {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr Needs kMap{};
constexpr Needs kMask{.mask = true};
constexpr Needs kModel{.model = true};
constexpr Needs kPair{.second_map = true};

/// The areas under the curves of one game, one for each kind of score.
std::vector<at::Tensor> curve_areas(const Subject& s, Game game, std::span<const Score> kinds) {
  CurveOptions options = curve_preset("paper", game);
  options.batch = s.batch;
  std::vector<at::Tensor> areas;
  for (const auto& curve :
       perturbation_curves(game, s.score, s.images, s.maps, s.targets, options, kinds))
    areas.push_back(curve.area);
  return areas;
}

template <Game game, Score kind>
at::Tensor curve_area(const Subject& s) {
  return curve_areas(s, game, std::array{kind}).front();
}

constexpr std::string_view kArras = "Arras, Osman and Samek 2022";
constexpr std::string_view kRise = "Petsiuk, Das and Saenko 2018";

using enum Family;
using enum Direction;

const std::array kMetrics{
    Metric{"pointing_game", localisation, higher, kMask, 0, 1,
           "is the largest value on the object?", "Zhang et al. 2018",
           [](const Subject& s) { return pointing_game(s.maps, s.masks); }},
    Metric{"mass_accuracy", localisation, higher, kMask, 0, 1,
           "part of the positive mass on the object", kArras,
           [](const Subject& s) { return mass_accuracy(s.maps, s.masks); }},
    Metric{"rank_accuracy", localisation, higher, kMask, 0, 1,
           "part of the K largest values on the object of K pixels", kArras,
           [](const Subject& s) { return rank_accuracy(s.maps, s.masks); }},
    Metric{"iou", localisation, higher, kMask, 0, 1,
           "intersection over union of the object and as many of the largest values",
           "Jaccard 1912, at the mask's area",
           [](const Subject& s) { return iou_at_mask_area(s.maps, s.masks); }},
    Metric{"roc_auc", localisation, higher, kMask, 0, 1,
           "chance that a pixel of the object outranks one outside", "Mann and Whitney 1947",
           [](const Subject& s) { return roc_auc(s.maps, s.masks); }},
    Metric{"gini", concentration, higher, kMap, 0, 1, "sparseness: 0 even, 1 a single pixel",
           "Chalasani et al. 2020", [](const Subject& s) { return gini(s.maps); }},
    Metric{"entropy", concentration, lower, kMap, 0, kInf, "entropy of the absolute mass, nats",
           "Bhatt, Weller and Moura 2020", [](const Subject& s) { return entropy(s.maps); }},
    Metric{"normalised_entropy", concentration, lower, kMap, 0, 1,
           "entropy over that of an even map", "Bhatt, Weller and Moura 2020",
           [](const Subject& s) { return normalised_entropy(s.maps); }},
    Metric{"effective_complexity", concentration, lower, kMap, 1, kInf,
           "number of pixels above 1e-5 of the largest", "Nguyen and Martinez 2020, counting form",
           [](const Subject& s) { return effective_complexity(s.maps); }},
    Metric{"spatial_spread", concentration, lower, kMap, 0, 1.7320508075688772,
           "distance of the mass from its centre, 1 for an even map", "second central moment",
           [](const Subject& s) { return spatial_spread(s.maps); }},
    Metric{"deletion", faithfulness, lower, kModel, 0, 1,
           "area under the target's probability while its pixels are deleted", kRise,
           curve_area<Game::deletion, Score::softmax>, CurveArea{Game::deletion, Score::softmax}},
    Metric{"insertion", faithfulness, higher, kModel, 0, 1,
           "area under the target's probability while its pixels are inserted", kRise,
           curve_area<Game::insertion, Score::softmax>, CurveArea{Game::insertion, Score::softmax}},
    Metric{"deletion_logit", faithfulness, lower, kModel, -kInf, kInf,
           "area under the target's logit while its pixels are deleted", kRise,
           curve_area<Game::deletion, Score::logit>, CurveArea{Game::deletion, Score::logit}},
    Metric{"insertion_logit", faithfulness, higher, kModel, -kInf, kInf,
           "area under the target's logit while its pixels are inserted", kRise,
           curve_area<Game::insertion, Score::logit>, CurveArea{Game::insertion, Score::logit}},
    Metric{"spearman", agreement, higher, kPair, -1, 1, "rank correlation of two maps",
           "Spearman 1904", [](const Subject& s) { return spearman(s.maps, s.others); }},
    Metric{"ssim", agreement, higher, kPair, -1, 1, "structural similarity of two maps",
           "Wang et al. 2004", [](const Subject& s) { return ssim(s.maps, s.others); }},
    Metric{"top_k_iou", agreement, higher, kPair, 0, 1,
           "overlap of the tenth of pixels with the largest values", "Jaccard 1912",
           [](const Subject& s) { return top_k_iou(s.maps, s.others); }},
    Metric{"cosine", agreement, higher, kPair, -1, 1, "cosine of the angle between two maps",
           "inner product", [](const Subject& s) { return cosine(s.maps, s.others); }},
};

// What the metric needs and the subject lacks, or "".
std::string_view missing(const Metric& metric, const Subject& subject) {
  if (!subject.maps.defined()) return "maps";
  if (metric.needs.mask && !subject.masks.defined()) return "masks";
  if (metric.needs.second_map && !subject.others.defined()) return "a second set of maps";
  if (!metric.needs.model) return "";
  if (!subject.score) return "a network";
  if (!subject.images.defined()) return "images";
  return subject.targets.defined() ? "" : "targets";
}

}  // namespace

std::span<const Metric> all() { return kMetrics; }

const Metric& find(std::string_view name) {
  std::vector<std::string> names;
  for (const Metric& metric : kMetrics) {
    if (metric.name == name) return metric;
    names.emplace_back(metric.name);
  }
  base::fail("there is no metric '{}'{}", name, base::nearest_hint(name, names));
}

std::vector<const Metric*> applicable(const Subject& subject) {
  std::vector<const Metric*> found;
  for (const Metric& metric : kMetrics) {
    if (missing(metric, subject).empty()) found.push_back(&metric);
  }
  return found;
}

at::Tensor measure(const Metric& metric, const Subject& subject) {
  const std::string_view lacking = missing(metric, subject);
  base::require(lacking.empty(), "the metric '{}' needs {}", metric.name, lacking);
  return metric.evaluate(subject);
}

std::vector<at::Tensor> measure(std::span<const Metric* const> metrics, const Subject& subject) {
  std::vector<at::Tensor> values(metrics.size());
  for (const Game game : {Game::deletion, Game::insertion}) {
    std::vector<Score> kinds;
    std::vector<std::size_t> places;
    for (std::size_t k = 0; k < metrics.size(); ++k) {
      if (!metrics[k]->curve || metrics[k]->curve->game != game) continue;
      if (!missing(*metrics[k], subject).empty()) continue;  // said below, by measure()
      kinds.push_back(metrics[k]->curve->score);
      places.push_back(k);
    }
    if (kinds.empty()) continue;
    const auto areas = curve_areas(subject, game, kinds);
    for (std::size_t k = 0; k < places.size(); ++k) values[places[k]] = areas[k];
  }
  for (std::size_t k = 0; k < metrics.size(); ++k)
    if (!values[k].defined()) values[k] = measure(*metrics[k], subject);
  return values;
}

std::string_view to_string(Direction direction) {
  return direction == Direction::higher ? "higher" : "lower";
}

std::string_view to_string(Family family) {
  switch (family) {
    case Family::localisation:
      return "localisation";
    case Family::concentration:
      return "concentration";
    case Family::faithfulness:
      return "faithfulness";
    case Family::agreement:
      return "agreement";
  }
  base::fail("unknown family of metrics");
}

}  // namespace ranklens::metrics
