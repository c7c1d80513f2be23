#include "ranklens/optim/dmrg/classifier.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/memory.h"
#include "ranklens/optim/dmrg/start.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

at::Tensor targets_of(const at::Tensor& features, const at::Tensor& labels, std::int64_t classes) {
  base::require(
      labels.scalar_type() == at::kLong && labels.sizes() == at::IntArrayRef{features.size(0)},
      "a label is needed for each of {} samples, int64", features.size(0));
  base::require(
      labels.min().item<std::int64_t>() >= 0 && labels.max().item<std::int64_t>() < classes,
      "labels of {} classes are 0 to {}", classes, classes - 1);
  return at::one_hot(labels, classes).to(features.scalar_type());
}

/// Before anything of the size is made.
at::Tensor checked(const at::Tensor& features, std::int64_t classes, const DmrgOptions& options) {
  check_features(features);
  base::require(options.bond >= 1 && options.iterations >= 1 && options.cutoff >= 0 &&
                    options.cutoff < 1 && options.tolerance >= 0,
                "sweeps need a bond and iterations of at least 1, a cutoff in [0, 1), a tolerance "
                "of at least 0");
  base::require(options.damping > 0 && options.labelled_bytes >= 0,
                "sweeps need a damping above 0 (infinite: plain gradients) and bytes for labelled "
                "sides of at least 0");
  base::require_memory(
      dmrg_memory(features.sizes(), features.scalar_type(), classes, options),
      fmt::format("sweeping {} samples at bond {}", features.size(0), options.bond));
  return features;
}

bool orthogonal(const at::Tensor& core, bool from_left) {
  const auto rows = from_left ? core.flatten(0, 1).t() : core.flatten(1);
  const auto off = at::matmul(rows, rows.t()) - at::eye(rows.size(0), rows.options());
  return off.abs().max().item<double>() < 1e-3;
}

void check_start(const LabelledState& start, const at::Tensor& features) {
  const auto sites = static_cast<std::size_t>(features.size(1));
  const auto middle = sites / 2;
  base::require(
      start.cores.size() == sites && start.centre == middle && start.cores[middle].dim() == 4,
      "sweeps go on from {} cores with the label on core {}", sites, middle);
  for (std::size_t k = 0; k < sites; ++k) {
    const auto& core = start.cores[k];
    base::require(core.dim() == (k == middle ? 4 : 3) && core.size(1) == features.size(2) &&
                      core.scalar_type() == features.scalar_type() &&
                      core.size(0) == (k == 0 ? 1 : start.cores[k - 1].size(-1)) &&
                      (k + 1 < sites || core.size(-1) == 1),
                  "core {} of a state does not go with its neighbours or with the features", k);
    base::require(k == middle || orthogonal(core, k < middle),
                  "core {} of a state is not orthogonal towards the middle", k);
  }
}

/// Ranks of the bonds at most, summed over those between `from` and `to` sites before them.
double summed_ranks(std::int64_t from, std::int64_t to, at::IntArrayRef features,
                    std::int64_t classes, std::int64_t bond) {
  const auto d = static_cast<double>(features[2]);
  double sum = 0;
  for (auto k = from; k < to; ++k) {
    const auto end = static_cast<double>(std::min(k, features[1] - k));
    sum += std::min(static_cast<double>(bond), static_cast<double>(classes) * std::pow(d, end));
  }
  return sum;
}

/// Bytes of the labelled sides of the half behind the middle, and how far apart those are that are
/// kept.
struct LabelledSides {
  double bytes;
  std::int64_t stride;
};

LabelledSides labelled_sides(at::IntArrayRef features, at::ScalarType type, std::int64_t classes,
                             const DmrgOptions& options) {
  if (options.label == LabelCore::moving) return {0, 1};
  const auto middle = features[1] / 2;
  const double all = static_cast<double>(features[0]) * static_cast<double>(classes) *
                     static_cast<double>(c10::elementSize(type)) *
                     summed_ranks(middle, features[1], features, classes, options.bond);
  if (all <= options.labelled_bytes) return {all, 1};
  const auto count = static_cast<double>(features[1] - middle);
  const double stride = std::ceil(std::sqrt(count));
  return {all / count * (stride + std::ceil(count / stride)), static_cast<std::int64_t>(stride)};
}

}  // namespace

double dmrg_memory(at::IntArrayRef features, at::ScalarType type, std::int64_t classes,
                   const DmrgOptions& options) {
  const auto samples = static_cast<double>(features[0]), d = static_cast<double>(features[2]);
  const auto sites = features[1];
  const auto widest = std::min(static_cast<double>(options.bond),
                               static_cast<double>(classes) * std::pow(d, sites));
  // Both sides of a pair with their features, of which one may be labelled.
  const double of_pair =
      options.label == LabelCore::middle ? 2 * d * (static_cast<double>(classes) + 1) : 4 * d;
  // One side a site, whose ranks the ends of the train bound; its scale.
  const double numbers = of_pair * widest + summed_ranks(1, sites, features, classes, options.bond);
  const auto each = static_cast<double>(c10::elementSize(type));
  return samples * (each * (numbers + 6 * static_cast<double>(classes)) +
                    8 * static_cast<double>(sites)) +
         labelled_sides(features, type, classes, options).bytes;
}

DmrgClassifier::DmrgClassifier(at::Tensor features, const at::Tensor& labels, std::int64_t classes,
                               std::uint64_t seed, const DmrgOptions& options,
                               std::int64_t start_bond)
    : DmrgClassifier(features, labels,
                     start_state(checked(features, classes, options), classes,
                                 std::min(start_bond, options.bond), seed),
                     options) {}

DmrgClassifier::DmrgClassifier(at::Tensor features, const at::Tensor& labels, LabelledState start,
                               const DmrgOptions& options)
    : features_(std::move(features)), options_(options), state_(std::move(start)) {
  const at::NoGradGuard no_gradients;
  check_features(features_);
  check_start(state_, features_);
  const auto classes = state_.cores[state_.centre].size(2);
  targets_ = targets_of(checked(features_, classes, options), labels, classes);
  stride_ = static_cast<std::size_t>(
      labelled_sides(features_.sizes(), features_.scalar_type(), classes, options).stride);
  place_ = state_.centre;
  const auto sites = state_.cores.size();
  before_.resize(sites);
  behind_.resize(sites);
  before_.front() = behind_.back() = end_of_train(features_.size(0), features_.options());
  for (std::size_t site = 0; site < state_.centre; ++site) extend_before(site);
  for (auto site = sites - 1; site > state_.centre + 1; --site) extend_behind(site);
}

void DmrgClassifier::extend_before(std::size_t site) {
  before_[site + 1] = extended_before(before_[site], feature(site), state_.cores[site]);
}

void DmrgClassifier::extend_behind(std::size_t site) {
  behind_[site - 1] = extended_behind(behind_[site], feature(site), state_.cores[site]);
}

at::Tensor DmrgClassifier::feature(std::size_t site) const {
  return features_.select(1, static_cast<std::int64_t>(site));
}

at::Tensor DmrgClassifier::merged(std::size_t site) const {
  const auto& first = state_.cores[site];
  const auto& second = state_.cores[site + 1];
  const auto r = first.size(0), d = first.size(1), inner = second.size(0), s = second.size(-1);
  const auto product = at::matmul(first.reshape({-1, inner}), second.reshape({inner, -1}));
  if (second.dim() == 3) return product.view({r, d, -1, d, s});  // the label's, or of none
  return product.view({r, d, d, -1, s}).transpose(2, 3);
}

LocalProblem DmrgClassifier::problem(std::size_t site) const {
  return {before_[site],     feature(site), feature(site + 1),
          behind_[site + 1], targets_,      state_.log_scale};
}

DmrgClassifier::Pair DmrgClassifier::pair(std::size_t site) const {
  const at::NoGradGuard no_gradients;
  base::require(site + 1 < state_.cores.size() && (place_ == site || place_ == site + 1) &&
                    before_[site].vectors.defined() && behind_[site + 1].vectors.defined(),
                "bond {} is not the one to be solved now", site);
  const auto local = problem(site);
  const auto scaled = merged(site) * std::exp(local.log_scale());
  return {.pair = scaled,
          .gradient = local.adjoint(local.values(scaled) - local.targets()) /
                      static_cast<double>(targets_.size(0)),
          .log_scale = state_.log_scale - local.log_scale()};
}

DmrgClassifier::Bond DmrgClassifier::solve(std::size_t site, bool rightward) {
  const auto local = problem(site);
  // A state of values that no number holds has nothing to begin with.
  const bool held = std::abs(local.log_scale()) < 60;
  const auto pair = merged(site);
  const auto moments = local.moments();
  const auto found = solve_least_squares(
      local, moments, held ? pair * std::exp(local.log_scale()) : at::zeros_like(pair),
      {.iterations = options_.iterations,
       .tolerance = options_.tolerance,
       .damping = options_.damping});
  if (options_.label == LabelCore::moving) state_.centre = rightward ? site + 1 : site;
  const auto r = pair.size(0), d = pair.size(1), classes = pair.size(2), s = pair.size(4);
  auto cut = split_pair(
      found.pair.reshape({r * d, classes, d * s}), state_.centre == site,
      options_.cut == CutBy::data ? CutWeights{moments.left, moments.right} : CutWeights{},
      {.max_rank = options_.bond, .cutoff = options_.cutoff, .rightward = rightward});
  const double rise =
      local.norm() * cut.discarded / std::sqrt(2 * static_cast<double>(targets_.size(0)));
  const Bond bond{.before = found.before,
                  .solved = found.after,
                  .discarded = cut.share,
                  .bound = std::pow(std::sqrt(found.after) + rise, 2),
                  .rank = cut.first.size(1),
                  .operations = local.operations()};
  put(site, rightward, std::move(cut), pair.sizes(), state_.log_scale - local.log_scale());
  return bond;
}

/// The two factors of a pair of these sizes in the place of its cores.
void DmrgClassifier::put(std::size_t site, bool rightward, SplitPair cut, at::IntArrayRef sizes,
                         double log_scale) {
  const auto r = sizes[0], d = sizes[1], classes = sizes[2], s = sizes[4];
  // The norm is that of the factor that is not orthonormal; it goes to the scale.
  auto& rest = rightward ? cut.second : cut.first;
  const double norm = tn::frobenius(rest);
  if (norm > 0) rest = rest / norm;
  const bool at_first = state_.centre == site, at_second = state_.centre == site + 1;
  state_.cores[site] = cut.first
                           .reshape(at_first ? std::vector{r, d, classes, std::int64_t{-1}}
                                             : std::vector{r, d, std::int64_t{-1}})
                           .contiguous();
  state_.cores[site + 1] = (at_second ? cut.second.reshape({-1, classes, d, s}).transpose(1, 2)
                                      : cut.second.reshape({-1, d, s}))
                               .contiguous();
  place_ = rightward ? site + 1 : site;
  state_.log_scale = log_scale + (norm > 0 ? std::log(norm) : 0);
}

/// Makes the sides of a pair that were not kept, from the last that was.
void DmrgClassifier::want_sides(std::size_t site) {
  auto known = site;
  while (!before_[known].vectors.defined()) --known;
  for (; known < site; ++known) extend_before(known);
  known = site + 1;
  while (!behind_[known].vectors.defined()) ++known;
  for (; known > site + 1; --known) extend_behind(known);
}

/// After a pair was solved: drops what is made anew before it is met again (the side ahead, and of
/// labelled ones behind all but one in `stride_`) and makes what the next pair meets.
void DmrgClassifier::leave(std::size_t site, bool rightward) {
  const auto dropped = [&](Side& side, std::size_t from_middle) {
    if (side.vectors.defined() && is_labelled(side) && from_middle % stride_ != 0) side = {};
  };
  const auto sites = state_.cores.size(), middle = sites / 2;
  if (rightward && site + 2 < sites) {
    extend_before(site);
    behind_[site + 1] = {};
    if (site > middle) dropped(before_[site], site - middle);
  } else if (!rightward && site > 0) {
    extend_behind(site + 1);
    before_[site] = {};
    if (site + 1 < middle) dropped(behind_[site + 1], middle - site - 1);
  }
  // At the ends the same pair comes twice.
  want_sides(rightward ? std::min(site + 1, sites - 2) : std::max<std::size_t>(site, 1) - 1);
}

std::vector<DmrgClassifier::Bond> DmrgClassifier::sweep(
    const std::function<bool(const Bond&)>& go_on) {
  const at::NoGradGuard no_gradients;
  base::require(!midway_, "a sweep that was ended midway is not gone on with");
  midway_ = true;
  const auto sites = state_.cores.size(), middle = place_;
  std::vector<Bond> bonds;
  const auto moved = [&](std::size_t site, bool rightward) {
    bonds.push_back(solve(site, rightward));
    leave(site, rightward);
    return !go_on || go_on(bonds.back());
  };
  for (auto site = middle; site + 1 < sites; ++site) {
    if (!moved(site, true)) return bonds;
  }
  for (auto site = sites - 1; site-- > 0;) {
    if (!moved(site, false)) return bonds;
  }
  for (std::size_t site = 0; site < middle; ++site) {
    if (!moved(site, true) && site + 1 < middle) return bonds;
  }
  midway_ = false;
  return bonds;
}

double DmrgClassifier::loss() const {
  const at::NoGradGuard no_gradients;
  return half_mean_square(values(state_, features_) - targets_);
}

}  // namespace ranklens::optim
