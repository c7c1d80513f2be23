#include "ranklens/optim/tensor_train/sweep_window.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>

#include "ranklens/base/memory.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::optim {
namespace {

std::size_t core_index(std::int64_t k) { return static_cast<std::size_t>(k); }

/// [r n, n' r'].
at::Tensor as_matrix(const at::Tensor& pair) { return pair.flatten(2).flatten(0, 1); }

}  // namespace

void move_centre_to(tn::TensorTrain& train, const SweepWindow& window) {
  const auto last = window.first + window.width - 1;
  if (train.centre < window.first) {
    train = tn::canonical(train, window.first);
  } else if (train.centre > last) {
    train = tn::canonical(train, last);
  }
}

double shared_factor(const tn::TensorTrain& train) {
  return share_of_each(train.log_scale, train.cores.size());
}

at::Tensor window_variable(const tn::TensorTrain& train, const SweepWindow& window) {
  const double factor = shared_factor(train);
  const auto& first = train.cores[core_index(window.first)];
  if (window.width == 1) return first * factor;
  const auto& second = train.cores[core_index(window.first) + 1];
  const auto r = first.size(0), n = first.size(1), m = second.size(1), s = second.size(2);
  const auto entries = static_cast<double>(r * n) * static_cast<double>(m * s);
  // Itself, its gradient, a direction, a trial, and what the decomposition needs.
  base::require_memory(8 * entries * static_cast<double>(first.element_size()),
                       fmt::format("the product of two cores, {}x{}x{}x{} numbers,", r, n, m, s));
  return at::matmul(first.flatten(0, 1), second.flatten(1)).view({r, n, m, s}) * factor;
}

OpenCores open_cores(const tn::TensorTrain& train, const SweepWindow& window,
                     const at::Tensor& variable) {
  const double factor = shared_factor(train);
  OpenCores open{.cores = plain_cores(train), .place = core_index(window.first)};
  if (window.width == 1) {
    open.cores[open.place] = variable;
    return open;
  }
  auto& first = open.cores[open.place];
  auto& second = open.cores[open.place + 1];
  const auto r = variable.size(0), n = variable.size(1), m = variable.size(2), s = variable.size(3);
  const auto identity = [&](std::int64_t size) {
    return at::eye(size, variable.options()) * factor;
  };
  if (r * n <= m * s) {
    first = identity(r * n).view({r, n, r * n});
    second = variable.reshape({r * n, m, s});
    ++open.place;
  } else {
    first = variable.reshape({r, n, m * s});
    second = identity(m * s).view({m * s, m, s});
  }
  return open;
}

WindowSplit put_back(const tn::TensorTrain& train, const SweepWindow& window,
                     const at::Tensor& variable, bool rightward, double cutoff, std::int64_t bond) {
  WindowSplit done{.train = train};
  const double factor = shared_factor(train), norm = tn::frobenius(variable);
  const double size = norm > 0 ? norm : factor;
  done.train.log_scale += std::log(size / factor);
  const auto unit = variable / size;
  auto& cores = done.train.cores;
  const auto place = core_index(window.first);
  if (window.width == 1) {
    cores[place] = unit;
    done.train.centre = window.first;
    return done;
  }
  const double tolerance = std::sqrt(cutoff) * (norm > 0 ? 1 : 0);
  const auto found = tn::factorise(as_matrix(unit), {.tolerance = tolerance, .max_rank = bond});
  done.cut = found.discarded;
  // Rounding errors of a matrix of norm one aside.
  done.bounded = found.discarded > tolerance + 10 * tn::machine_epsilon(unit.scalar_type());
  const auto rank = found.s.size(0);
  cores[place] =
      (rightward ? found.u : found.u * found.s).reshape({unit.size(0), unit.size(1), rank});
  cores[place + 1] = (rightward ? found.s.unsqueeze(1) * found.vh : found.vh)
                         .reshape({rank, unit.size(2), unit.size(3)});
  done.train.centre = window.first + (rightward ? 1 : 0);
  return done;
}

}  // namespace ranklens::optim
