#include "ranklens/tn/linalg/row_sets.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>

#include "ranklens/base/parallel.h"
#include "ranklens/tn/linalg/lanes.h"

namespace ranklens::tn {
namespace {

#if defined(RANKLENS_FMA)

using lanes::Doubles, lanes::Floats;

// Samples that are worth another thread.
constexpr std::int64_t kSamples = 1024;

bool is_computed(const at::Tensor& sets, const at::Tensor& vectors) {
  const auto type = sets.scalar_type();
  const bool tracked =
      at::GradMode::is_enabled() && (sets.requires_grad() || vectors.requires_grad());
  return lanes::available() && !tracked && sets.is_cpu() && vectors.is_cpu() &&
         (type == at::kFloat || type == at::kDouble) && vectors.scalar_type() == type &&
         sets.is_contiguous() && vectors.is_contiguous();
}

template <class Lanes, class Number = typename Lanes::Number>
RANKLENS_FMA Number dot(const Number* a, const Number* b, std::int64_t count) {
  auto sum = Lanes::zero();
  std::int64_t k = 0;
  for (; k + Lanes::width <= count; k += Lanes::width) {
    sum = Lanes::add(Lanes::load(a + k), Lanes::load(b + k), sum);
  }
  Number parts[Lanes::width];
  Lanes::store(parts, sum);
  Number total = 0;
  for (const auto part : parts) total += part;
  for (; k < count; ++k) total += a[k] * b[k];
  return total;
}

// out[k] = sum over c of weights[c] set[c step + k].
template <class Lanes, class Number = typename Lanes::Number>
RANKLENS_FMA void add_up(const Number* set, const Number* weights, std::int64_t classes,
                         std::int64_t step, Number* out) {
  std::int64_t k = 0;
  for (; k + Lanes::width <= step; k += Lanes::width) {
    auto sum = Lanes::zero();
    for (std::int64_t c = 0; c < classes; ++c) {
      sum = Lanes::add(Lanes::all(weights + c), Lanes::load(set + c * step + k), sum);
    }
    Lanes::store(out + k, sum);
  }
  for (; k < step; ++k) {
    Number sum = 0;
    for (std::int64_t c = 0; c < classes; ++c) sum += weights[c] * set[c * step + k];
    out[k] = sum;
  }
}

// Calls work(set, its vector, out) for each sample; out has `columns` numbers.
template <class Number, class Work>
at::Tensor sample_by_sample(const at::Tensor& sets, const at::Tensor& vectors, std::int64_t columns,
                            const Work& work) {
  const auto n = sets.size(0), each = sets.size(1) * sets.size(2), wide = vectors.size(1);
  auto found = at::empty({n, columns}, sets.options());
  const auto *from = sets.const_data_ptr<Number>(), *with = vectors.const_data_ptr<Number>();
  auto* out = found.template mutable_data_ptr<Number>();
  base::parallel_over(n, kSamples, [&](std::int64_t begin, std::int64_t end) {
    for (; begin < end; ++begin)
      work(from + begin * each, with + begin * wide, out + begin * columns);
  });
  return found;
}

template <class Lanes, class Number = typename Lanes::Number>
at::Tensor products(const at::Tensor& sets, const at::Tensor& vectors) {
  const auto classes = sets.size(1), p = sets.size(2);
  return sample_by_sample<Number>(sets, vectors, classes,
                                  [=](const Number* set, const Number* vector, Number* out) {
                                    for (std::int64_t c = 0; c < classes; ++c)
                                      out[c] = dot<Lanes>(set + c * p, vector, p);
                                  });
}

template <class Lanes, class Number = typename Lanes::Number>
at::Tensor sums(const at::Tensor& sets, const at::Tensor& weights) {
  const auto classes = sets.size(1), p = sets.size(2);
  return sample_by_sample<Number>(sets, weights, p,
                                  [=](const Number* set, const Number* weight, Number* out) {
                                    add_up<Lanes>(set, weight, classes, p, out);
                                  });
}

at::Tensor computed_products(const at::Tensor& sets, const at::Tensor& vectors) {
  return sets.scalar_type() == at::kFloat ? products<Floats>(sets, vectors)
                                          : products<Doubles>(sets, vectors);
}

at::Tensor computed_sums(const at::Tensor& sets, const at::Tensor& weights) {
  return sets.scalar_type() == at::kFloat ? sums<Floats>(sets, weights)
                                          : sums<Doubles>(sets, weights);
}

#else

bool is_computed(const at::Tensor&, const at::Tensor&) { return false; }
at::Tensor computed_products(const at::Tensor&, const at::Tensor&) { return {}; }
at::Tensor computed_sums(const at::Tensor&, const at::Tensor&) { return {}; }

#endif

}  // namespace

at::Tensor set_products(const at::Tensor& sets, const at::Tensor& vectors) {
  if (is_computed(sets, vectors)) return computed_products(sets, vectors);
  return at::bmm(sets, vectors.unsqueeze(2)).squeeze(2);
}

at::Tensor set_sums(const at::Tensor& sets, const at::Tensor& weights) {
  if (is_computed(sets, weights)) return computed_sums(sets, weights);
  return at::bmm(weights.unsqueeze(1), sets).squeeze(1);
}

}  // namespace ranklens::tn
