#include "ranklens/optim/dmrg/classifier.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

at::Tensor products(const at::Tensor& a, const at::Tensor& b) {
  return (a.unsqueeze(2) * b.unsqueeze(1)).flatten(1);
}

/// f = sum over (left (x) right) of a tensor [p, classes, q], and its adjoint.
struct Local {
  at::Tensor left, right;  ///< [samples, p], [samples, q]

  at::Tensor forward(const at::Tensor& pair) const {
    const auto p = pair.size(0), classes = pair.size(1), q = pair.size(2);
    const auto met = at::matmul(left, pair.reshape({p, classes * q})).view({-1, classes, q});
    return at::matmul(met, right.unsqueeze(2)).squeeze(2);
  }
  at::Tensor adjoint(const at::Tensor& values) const {
    const auto classes = values.size(1);
    const auto spread = (values.unsqueeze(2) * right.unsqueeze(1)).flatten(1);
    return at::matmul(left.t(), spread).view({left.size(1), classes, right.size(1)});
  }
};

/// Conjugate gradients on (P^T P / n + ridge) x = P^T y / n.
at::Tensor solved(const Local& local, const at::Tensor& start, const at::Tensor& targets,
                  const DmrgOptions& options) {
  const double n = static_cast<double>(targets.size(0));
  const auto normal = [&](const at::Tensor& x) {
    return local.adjoint(local.forward(x)) / n + options.ridge * x;
  };
  auto x = start;
  auto residual = local.adjoint(targets) / n - normal(x);
  auto direction = residual;
  double squared = std::pow(tn::frobenius(residual), 2);
  for (int k = 0; k < options.iterations && squared > 0; ++k) {
    const auto image = normal(direction);
    const double curvature = (direction * image).sum().item<double>();
    if (!(curvature > 0)) break;
    const double step = squared / curvature;
    x = x + step * direction;
    residual = residual - step * image;
    const double next = std::pow(tn::frobenius(residual), 2);
    direction = residual + (next / squared) * direction;
    squared = next;
  }
  return x;
}

double loss_of(const at::Tensor& found, const at::Tensor& targets) {
  return (found - targets).square().sum(1).mean().item<double>() / 2;
}

}  // namespace

at::Tensor values(const LabelledState& state, const at::Tensor& features) {
  const auto sites = state.cores.size();
  base::require(features.dim() == 3 && features.size(1) == static_cast<std::int64_t>(sites),
                "features of {} sites are needed, [batch, sites, d]", sites);
  const auto feature = [&](std::size_t k) {
    return features.select(1, static_cast<std::int64_t>(k));
  };
  auto before = at::ones({features.size(0), 1}, features.options());
  auto behind = before;
  for (std::size_t k = 0; k < state.centre; ++k) {
    before = at::matmul(products(before, feature(k)), state.cores[k].flatten(0, 1));
  }
  for (auto k = sites - 1; k > state.centre; --k) {
    behind = at::matmul(products(feature(k), behind), state.cores[k].flatten(1).t());
  }
  const auto& core = state.cores[state.centre];
  return Local{products(before, feature(state.centre)), behind}.forward(core.flatten(0, 1));
}

ClassifierCores classifier_cores(const LabelledState& state) {
  ClassifierCores found{.cores = {}, .label = state.centre + 1};
  for (std::size_t k = 0; k < state.cores.size(); ++k) {
    const auto& core = state.cores[k];
    if (k != state.centre) {
      found.cores.push_back(core.contiguous());
      continue;
    }
    const auto split = tn::qr(core.reshape({core.size(0) * core.size(1), -1}));
    found.cores.push_back(split.q.reshape({core.size(0), core.size(1), -1}).contiguous());
    found.cores.push_back(split.r.reshape({-1, core.size(2), core.size(3)}).contiguous());
  }
  return found;
}

DmrgClassifier::DmrgClassifier(at::Tensor features, const at::Tensor& labels, std::int64_t classes,
                               std::uint64_t seed, const DmrgOptions& options,
                               std::int64_t start_bond)
    : features_(std::move(features)), options_(options) {
  base::require(features_.dim() == 3 && features_.size(1) >= 2 &&
                    labels.sizes() == at::IntArrayRef{features_.size(0)},
                "a matrix product state is trained on features [samples, sites, d] of at least two "
                "sites, with a label each");
  base::require(
      options.bond >= 1 && options.iterations >= 1 && options.cutoff >= 0 && options.cutoff < 1 &&
          options.ridge >= 0 && start_bond >= 1,
      "sweeps need a bond and iterations of at least 1, a cutoff in [0, 1), a ridge of at "
      "least 0");
  targets_ = at::one_hot(labels, classes).to(features_.scalar_type());
  base::Stream stream(seed, "init", "dmrg");
  const auto sites = features_.size(1), d = features_.size(2);
  const auto bond = std::min(start_bond, options.bond);
  for (std::int64_t k = 0; k < sites; ++k) {
    const auto left = k == 0 ? 1 : bond, right = k + 1 == sites ? 1 : bond;
    auto core = stream.normal({left, d, right}, 0, 0.02, features_.scalar_type());
    core = core +
           at::eye(left, right, core.options()).unsqueeze(1) / std::sqrt(static_cast<double>(d));
    state_.cores.push_back(core);
  }
  // The label begins at the first site: nothing is known of the classes yet.
  auto& first = state_.cores.front();
  first = first.unsqueeze(2).expand({1, d, classes, first.size(2)}) +
          stream.normal({1, d, classes, first.size(2)}, 0, 0.02, features_.scalar_type());
  const auto one = at::ones({features_.size(0), 1}, features_.options());
  before_.assign(state_.cores.size(), one);
  behind_.assign(state_.cores.size(), one);
  for (auto site = state_.cores.size() - 1; site > 0; --site) {
    auto& core = state_.cores[site];
    const auto split = tn::qr(core.flatten(1).t());
    core = split.q.t().reshape({-1, core.size(1), core.size(2)});
    auto& next = state_.cores[site - 1];
    next = at::matmul(next, split.r.t());
    extend_behind(site);
  }
}

at::Tensor DmrgClassifier::feature(std::size_t site) const {
  return features_.select(1, static_cast<std::int64_t>(site));
}

void DmrgClassifier::extend_before(std::size_t site) {
  before_[site + 1] =
      at::matmul(products(before_[site], feature(site)), state_.cores[site].flatten(0, 1));
}

void DmrgClassifier::extend_behind(std::size_t site) {
  behind_[site - 1] =
      at::matmul(products(feature(site), behind_[site]), state_.cores[site].flatten(1).t());
}

DmrgClassifier::Bond DmrgClassifier::solve(std::size_t site, bool rightward) {
  auto& first = state_.cores[site];
  auto& second = state_.cores[site + 1];
  const bool label_first = state_.centre == site;
  const auto r = first.size(0), d = first.size(1), s = second.size(-1);
  const auto classes = targets_.size(1);
  const auto inner = second.size(0);
  // [r d, classes, d s], whichever of the two carries the label.
  at::Tensor pair;
  if (label_first) {
    pair = at::matmul(first.reshape({-1, inner}), second.reshape({inner, -1}))
               .view({r * d, classes, d * s});
  } else {
    pair = at::matmul(first.reshape({-1, inner}), second.reshape({inner, -1}))
               .view({r * d, d, classes, s})
               .transpose(1, 2)
               .reshape({r * d, classes, d * s});
  }
  const Local local{products(before_[site], feature(site)),
                    products(feature(site + 1), behind_[site + 1])};
  Bond bond{.before = loss_of(local.forward(pair), targets_)};
  pair = solved(local, pair, targets_, options_);
  bond.solved = loss_of(local.forward(pair), targets_);

  const auto matrix =
      rightward ? pair.reshape({r * d, classes * d * s}) : pair.reshape({r * d * classes, d * s});
  const double norm = tn::frobenius(matrix);
  const auto found = tn::factorise(
      matrix, {.tolerance = std::sqrt(options_.cutoff) * norm, .max_rank = options_.bond});
  bond.rank = found.s.size(0);
  bond.discarded = norm > 0 ? std::pow(found.discarded / norm, 2) : 0;
  if (rightward) {
    first = found.u.reshape({r, d, -1});
    second =
        (found.s.unsqueeze(1) * found.vh).view({-1, classes, d, s}).transpose(1, 2).contiguous();
    state_.centre = site + 1;
  } else {
    // Rows (r, d, classes): the label stays with the first core.
    first = (found.u * found.s).reshape({r, d, classes, -1});
    second = found.vh.reshape({-1, d, s});
    state_.centre = site;
  }
  return bond;
}

std::vector<DmrgClassifier::Bond> DmrgClassifier::sweep() {
  const at::NoGradGuard no_gradients;
  std::vector<Bond> bonds;
  const auto sites = state_.cores.size();
  for (std::size_t site = 0; site + 1 < sites; ++site) {
    bonds.push_back(solve(site, true));
    if (site + 2 < sites) extend_before(site);
  }
  for (auto site = sites - 1; site-- > 0;) {
    bonds.push_back(solve(site, false));
    extend_behind(site + 1);
  }
  return bonds;
}

double DmrgClassifier::loss() const {
  const at::NoGradGuard no_gradients;
  return loss_of(values(state_, features_), targets_);
}

}  // namespace ranklens::optim
