#include "ranklens/tn/formats/stored.h"

#include <cmath>
#include <numeric>

#include <ATen/ops/promote_types.h>
#include <c10/util/accumulate.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/contraction/expression.h"
#include "ranklens/tn/formats/cp_algebra.h"
#include "ranklens/tn/formats/to_train.h"
#include "ranklens/tn/formats/tucker_algebra.h"
#include "ranklens/tn/train/container_parts.h"

namespace ranklens::tn {
namespace {

/// For std::visit: one function a format.
template <class... Functions>
struct Cases : Functions... {
  using Functions::operator()...;
};

/// The tensors of both sides of an inner product with their labels. Mode k has the label k on both
/// sides, all others get numbers of their own.
struct InnerProduct {
  std::vector<std::vector<std::int64_t>> labels{};
  std::vector<at::Tensor> operands{};
  std::int64_t next = 0;
  at::ScalarType dtype = at::kDouble;
  bool conjugate = false;

  void add(const at::Tensor& tensor, std::vector<std::int64_t> own) {
    const auto wide = tensor.to(dtype);
    operands.push_back(conjugate ? wide.conj().resolve_conj() : wide);
    labels.push_back(std::move(own));
  }

  /// The chain of a train whose core k has the label modes[k].
  void add_chain(const TensorTrain& train, const std::vector<std::int64_t>& modes) {
    auto left = next++;
    for (std::size_t k = 0; k < modes.size(); ++k) {
      const auto right = next++;
      add(train.cores[k], {left, modes[k], right});
      left = right;
    }
  }

  void add(const StoredTrain& stored) {
    std::vector<std::int64_t> modes(stored.train.cores.size());
    std::iota(modes.begin(), modes.end(), 0);
    add_chain(stored.train, modes);
  }

  /// Factors with their modes; the labels of their columns.
  std::vector<std::int64_t> add_factors(const std::vector<at::Tensor>& factors) {
    std::vector<std::int64_t> inner;
    for (std::size_t k = 0; k < factors.size(); ++k) {
      inner.push_back(next++);
      add(factors[k], {static_cast<std::int64_t>(k), inner.back()});
    }
    return inner;
  }

  void add(const TuckerTrain& hybrid) { add_chain(hybrid.core, add_factors(hybrid.factors)); }

  void add(const Tucker& tucker) { add(tucker.core, add_factors(tucker.factors)); }

  void add(const CP& cp) {
    const auto term = next++;
    add(cp.weights, {term});
    for (std::size_t k = 0; k < cp.factors.size(); ++k)
      add(cp.factors[k], {static_cast<std::int64_t>(k), term});
  }
};

const at::Tensor& first_of(const Stored& stored) {
  return std::visit(
      Cases{[](const StoredTrain& s) -> const at::Tensor& { return s.train.cores[0]; },
            [](const Tucker& t) -> const at::Tensor& { return t.core; },
            [](const CP& c) -> const at::Tensor& { return c.factors[0]; },
            [](const TuckerTrain& h) -> const at::Tensor& { return h.core.cores[0]; }},
      stored);
}

double log_scale_of(const Stored& stored) {
  if (const auto* train = std::get_if<StoredTrain>(&stored)) return train->train.log_scale;
  const auto* hybrid = std::get_if<TuckerTrain>(&stored);
  return hybrid != nullptr ? hybrid->core.log_scale : 0;
}

bool is_matrix(const Stored& stored) {
  const auto* train = std::get_if<StoredTrain>(&stored);
  return train != nullptr && train->is_matrix();
}

ScaledNumber by_contraction(const Stored& a, const Stored& b) {
  InnerProduct work{.next = static_cast<std::int64_t>(shape(a).size())};
  if (first_of(a).is_complex() || first_of(b).is_complex()) work.dtype = at::kComplexDouble;
  work.conjugate = true;
  std::visit([&](const auto& value) { work.add(value); }, a);
  work.conjugate = false;
  std::visit([&](const auto& value) { work.add(value); }, b);
  const auto expression = with_shapes(parse_equation(work.labels, std::vector<std::int64_t>()),
                                      shapes_of(work.operands));
  return {contract(expression, work.operands), log_scale_of(a) + log_scale_of(b)};
}

}  // namespace

std::string_view format_of(const Stored& stored) {
  return std::visit(
      Cases{[](const StoredTrain&) { return "tt"; }, [](const Tucker&) { return "tucker"; },
            [](const CP&) { return "cp"; }, [](const TuckerTrain&) { return "tucker_tt"; }},
      stored);
}

Shape shape(const Stored& stored) {
  return std::visit(Cases{[](const StoredTrain& s) {
                            return s.is_matrix() ? Shape{c10::multiply_integers(*s.rows),
                                                         c10::multiply_integers(*s.columns)}
                                                 : shape(s.train);
                          },
                          [](const auto& value) { return shape(value); }},
                    stored);
}

Shape ranks(const Stored& stored) {
  return std::visit(
      Cases{[](const StoredTrain& s) { return ranks(s.train); },
            [](const CP& c) { return Shape{rank(c)}; }, [](const auto& t) { return ranks(t); }},
      stored);
}

std::int64_t parameters(const Stored& stored) {
  return std::visit(Cases{[](const StoredTrain& s) { return parameters(s.train); },
                          [](const auto& value) { return parameters(value); }},
                    stored);
}

Stored to(const Stored& stored, const at::TensorOptions& options) {
  return std::visit(Cases{[&](const StoredTrain& s) -> Stored {
                            return StoredTrain{to(s.train, options), s.rows, s.columns};
                          },
                          [&](const auto& value) -> Stored { return to(value, options); }},
                    stored);
}

TensorTrain as_train(const Stored& stored) {
  return std::visit(
      Cases{[](const StoredTrain& s) { return s.train; }, [](const CP& c) { return from_cp(c); },
            [](const auto& value) { return from_tucker(value); }},
      stored);
}

at::Tensor full(const Stored& stored) {
  check_writable(shape(stored));
  return std::visit(
      Cases{[](const StoredTrain& s) { return s.is_matrix() ? full(s.matrix()) : full(s.train); },
            [](const auto& value) { return full(value); }},
      stored);
}

ScaledNumber dot(const Stored& a, const Stored& b) {
  const auto *train_a = std::get_if<StoredTrain>(&a), *train_b = std::get_if<StoredTrain>(&b);
  if (train_a != nullptr && train_b != nullptr) {
    base::require(train_a->rows == train_b->rows && train_a->columns == train_b->columns,
                  "a TT matrix has an inner product with one of the same modes only");
    const auto wider = at::promote_types(train_a->train.cores[0].scalar_type(),
                                         train_b->train.cores[0].scalar_type());
    return dot_scaled(to(train_a->train, wider), to(train_b->train, wider));
  }
  base::require(!is_matrix(a) && !is_matrix(b),
                "a TT matrix has an inner product with another TT matrix only");
  base::require(shape(a) == shape(b), "tensors of shapes {} and {} have no inner product",
                text(shape(a)), text(shape(b)));
  return by_contraction(a, b);
}

double log_norm(const Stored& stored) {
  return std::visit(Cases{[](const StoredTrain& s) { return log_norm(s.train); },
                          [](const TuckerTrain& h) { return log_norm(h); },
                          [](const auto& value) { return std::log(norm(value)); }},
                    stored);
}

}  // namespace ranklens::tn
