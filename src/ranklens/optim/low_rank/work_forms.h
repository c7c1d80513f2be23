#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <tuple>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "ranklens/optim/low_rank/budget.h"
#include "ranklens/optim/low_rank/layers.h"
#include "ranklens/optim/low_rank/methods.h"
#include "ranklens/optim/low_rank/probe_tucker.h"
#include "ranklens/optim/low_rank/transport.h"
#include "ranklens/optim/low_rank/tucker_integrator.h"
#include "ranklens/optim/low_rank/tucker_truncate.h"
#include "ranklens/optim/low_rank/work.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {

/// A point after its truncation.
template <class Point>
struct CutDown {
  Point point;
  at::Tensor left = {}, right = {};  ///< what the bases were multiplied by; undefined: by nothing
  double share = 0;                  ///< of the norm, cut off
};

inline double share_of(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// What of the work on a weight is a matrix's own.
struct MatrixForm {
  using Layer = LowRankLayer;
  using Point = LowRank;
  using Known = Gradient;
  using Values = CoreValues;
  using Moments = TangentMoments;
  static constexpr std::array<const char*, 1> kModes{""};

  static Integrator integrator(const LowRankOptions& options) { return integrator_for(options); }
  static Moments& tangent(Remembered& memory) { return memory.tangent; }
  static auto& core(auto& point) { return point.s; }
  static Values values(const Point& point) { return singular_values(point.s); }
  static std::array<at::Tensor, 1> by_mode(const Values& values) { return {values.values}; }
  static RankPolicy policy(const RankPolicy& whole) { return whole; }
  static std::array<std::int64_t, 1> ranks(const Point& point) {
    return {std::min(point.s.size(0), point.s.size(1))};
  }
  /// The ranks that it can have, none above `bound`.
  static std::array<std::int64_t, 1> most_ranks(const Layer& layer, std::int64_t bound) {
    return {std::min({bound, layer.point.u.size(0), layer.point.v.size(0)})};
  }
  /// Whether a batch of few examples may span less than the rank: it does in linear maps.
  static bool may_span_less(const Layer& layer) { return layer.shape.size() == 2; }

  /// What a file holds of it.
  static std::int64_t numbers(const Layer& layer, const Point& point) {
    return point.u.numel() + point.v.numel() + (layer.tucker ? point.s.numel() : 0);
  }
  static Budgeted budgeted(const Layer& layer, const Point& point, const Values& values) {
    return {.modes = {{.values = values.values, .per_rank = point.u.size(0) + point.v.size(0)}},
            .per_pair = layer.tucker ? 1 : 0};
  }
  static CutDown<Point> cut_down(const Point& point, const Values& values, const Budgeted& ranks) {
    const auto found = cut(point, values, ranks.modes[0].rank);
    return {found.matrix, found.left, found.right,
            share_of(found.discarded, tn::frobenius(found.values))};
  }
  /// A tangent vector of the start as a stage at step.point wants it.
  static Known seen_at(const Known& z, const Step& step, bool widens, Reads reads) {
    const auto& [start, point] = std::tie(step.start, step.point);
    if (widens && reads == Reads::core) return core_between(z, start, point);
    const auto known = overlaps_of(step, point);
    return reads == Reads::core ? transported_core(z, point, known)
                                : transported(z, start, point, known);
  }
  /// Momentum to where a step has led; cut down or, where nothing was, as it is.
  static void transport(Moments& moments, const Step& step, bool widens,
                        const CutDown<Point>& cut) {
    moments.transport([&](const Known& moment) {
      if (widens && cut.left.defined())
        return transported(moment, step.start, step.point, cut.left, cut.right);
      return transported(
          moment, step.start, cut.point,
          cut.left.defined() ? overlaps(step.start, cut.point) : overlaps_of(step, cut.point));
    });
  }
  static nn::Weight probe_of(const Layer& layer, const Point& point,
                             const std::shared_ptr<Uses>& uses, Reads reads) {
    return probe(layer.shape, point, uses, reads);
  }
  static Known known(const std::array<at::Tensor, 3>& slots, const Uses& uses, double scale) {
    return probed_gradient(slots[0], slots[1], slots[2], uses, scale);
  }
  /// G + decay W, which lies in the tangent space.
  static Known with_decay(Known known, const Point& at, double decay) {
    known.s = known.s + decay * at.s;
    if (!known.k.defined()) return known;  // of the core alone
    known.k = known.k + decay * at::matmul(at.u, at.s);
    known.l = known.l + decay * at::matmul(at.v, at.s.t());
    return known;
  }
  static Overlaps overlaps_of(const Step& step, const Point& point) {
    if (step.left_overlap.defined()) return {step.left_overlap, step.right_overlap};
    return overlaps(step.start, point);
  }
  /// What a direction is between bases orthogonal to the point's: there momentum and decay, which
  /// lie in the tangent space, are nothing, and the gradient counts by what was taken up of it.
  static void look_between(Known& direction, const Known& gradient, double taken, const Point&) {
    direction.between = [between = gradient.between, taken](const at::Tensor& left,
                                                            const at::Tensor& right) {
      return taken * between(left, right);
    };
  }
};

/// What of it is a kernel's own.
struct TuckerForm {
  using Layer = TuckerLayer;
  using Point = TuckerKernel;
  using Known = TuckerGradient;
  using Values = TuckerValues;
  using Moments = TuckerTangentMoments;
  static constexpr std::array<const char*, 2> kModes{".out", ".in"};

  static TuckerIntegrator integrator(const LowRankOptions& options) {
    return tucker_integrator_for(options);
  }
  static Moments& tangent(Remembered& memory) { return memory.tucker_tangent; }
  static auto& core(auto& point) { return point.core; }
  static Values values(const Point& point) { return mode_values(point.core); }
  static std::array<at::Tensor, 2> by_mode(const Values& values) { return {values.out, values.in}; }
  static RankPolicy policy(const RankPolicy& whole) { return for_one_mode(whole); }
  static bool may_span_less(const Layer&) { return false; }
  static std::array<std::int64_t, 2> most_ranks(const Layer& layer, std::int64_t bound) {
    const auto& [u, core, v] = layer.point;
    const auto out = u.size(0), in = v.size(0),
               window = core.numel() / (core.size(0) * core.size(1));
    return {std::min({bound, out, in * window}), std::min({bound, in, out * window})};
  }
  static std::array<std::int64_t, 2> ranks(const Point& point) {
    return {point.core.size(0), point.core.size(1)};
  }

  static std::int64_t numbers(const Layer&, const Point& point) {
    return point.u.numel() + point.core.numel() + point.v.numel();
  }
  static Budgeted budgeted(const Layer&, const Point& point, const Values& values) {
    return {.modes = {{.values = values.out, .per_rank = point.u.size(0)},
                      {.values = values.in, .per_rank = point.v.size(0)}},
            .per_pair = point.core.numel() / (point.core.size(0) * point.core.size(1))};
  }
  static CutDown<Point> cut_down(const Point& point, const Values& values, const Budgeted& ranks) {
    const auto found = cut(point, values, {ranks.modes[0].rank, ranks.modes[1].rank});
    return {found.kernel, found.left, found.right, share_of(found.discarded, found.norm)};
  }
  static Known seen_at(const Known& z, const TuckerStep& step, bool, Reads) {
    return transported(z, step.start, step.point);  // of which a core alone takes the core
  }
  static void transport(Moments& moments, const TuckerStep& step, bool, const CutDown<Point>& cut) {
    moments.transport(step.start, cut.point);
  }
  nn::Weight probe_of(const Layer& layer, const Point& point, const std::shared_ptr<Uses>& uses,
                      Reads reads) {
    rows = reads == Reads::all ? core_rows(point.core) : CoreRows{};
    return probe(layer.shape, point, rows, uses, reads);
  }
  Known known(const std::array<at::Tensor, 3>& slots, const Uses& uses, double scale) const {
    return probed_gradient(rows, slots[0], slots[1], slots[2], uses, scale);
  }
  static Known with_decay(Known known, const Point& at, double decay) {
    known.core = known.core + decay * at.core;
    if (!known.k_out.defined()) return known;  // of the core alone
    known.k_out = known.k_out + decay * k_of(at.u, at.core, known.rows.out, 0);
    known.k_in = known.k_in + decay * k_of(at.v, at.core, known.rows.in, 1);
    return known;
  }
  /// What a direction is between any bases: the gradient by what was taken up of it, and of the
  /// tangent space what the direction has more (momentum, decay).
  static void look_between(Known& direction, const Known& gradient, double taken, const Point& at) {
    Known more{.k_out = direction.k_out - taken * gradient.k_out,
               .k_in = direction.k_in - taken * gradient.k_in,
               .core = direction.core - taken * gradient.core,
               .rows = gradient.rows};
    direction.between = [between = gradient.between, taken, more = optim::tangent(at, more)](
                            const at::Tensor& left, const at::Tensor& right) {
      const auto kept =
          contracted(more.core, at::matmul(more.u.t(), left), at::matmul(more.v.t(), right));
      return taken * between(left, right) + kept;
    };
  }

  CoreRows rows = {};  ///< of the last probe
};

}  // namespace ranklens::optim
