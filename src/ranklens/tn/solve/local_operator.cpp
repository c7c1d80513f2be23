#include "ranklens/tn/solve/local_operator.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/mm.h>

namespace ranklens::tn {
namespace {

/// One folded operator core times every block of a batch [lead, k, tail].
at::Tensor on_blocks(const at::Tensor& folded_core, const at::Tensor& blocks) {
  const auto lead = blocks.size(0);
  if (lead == 1) return at::mm(folded_core, blocks.squeeze(0)).unsqueeze(0);
  return at::bmm(folded_core.unsqueeze(0).expand({lead, -1, -1}), blocks);
}

}  // namespace

OperatorCore::OperatorCore(const at::Tensor& core) : whole(core.contiguous()) {
  const auto a = core.size(0), m = core.size(1), n = core.size(2), next = core.size(3);
  from_left = core.permute({1, 3, 0, 2}).reshape({m * next, a * n});
  from_right = whole.view({a * m, n * next});
}

std::int64_t LocalOperator::columns() const {
  auto size = left.size(2) * right.size(1);
  for (const auto* site : sites) size *= site->whole.size(2);
  return size;
}

at::Tensor LocalOperator::apply(const at::Tensor& x) const {
  auto lead = left.size(0);
  auto t = at::mm(left.view({-1, left.size(2)}), x.reshape({left.size(2), -1}));
  for (const auto* site : sites) {
    t = on_blocks(site->from_left, t.view({lead, site->from_left.size(1), -1}));
    lead *= site->whole.size(1);
  }
  const auto after = right.view({-1, right.size(2)});
  return at::mm(t.reshape({lead, -1}), after);
}

at::Tensor LocalOperator::matrix() const {
  at::Tensor merged;  // [a, M, N, a']
  for (const auto* site : sites) {
    const auto& w = site->whole;
    if (!merged.defined()) {
      merged = w;
      continue;
    }
    const auto a = merged.size(0), m = merged.size(1), n = merged.size(2);
    merged = at::mm(merged.reshape({-1, w.size(0)}), w.view({w.size(0), -1}))
                 .view({a, m, n, w.size(1), w.size(2), w.size(3)})
                 .permute({0, 1, 3, 2, 4, 5})
                 .reshape({a, m * w.size(1), n * w.size(2), w.size(3)});
  }
  const auto rows = left.size(0), l = left.size(2), m = merged.size(1), n = merged.size(2);
  const auto r = right.size(1), r_row = right.size(2);
  const auto before = left.permute({0, 2, 1}).reshape({rows * l, left.size(1)});
  const auto half = at::mm(before, merged.reshape({merged.size(0), -1}));
  return at::mm(half.view({-1, right.size(0)}), right.view({right.size(0), -1}))
      .view({rows, l, m, n, r, r_row})
      .permute({0, 2, 5, 1, 3, 4})
      .reshape({rows * m * r_row, l * n * r});
}

at::Tensor grown_left(const at::Tensor& left, const OperatorCore& a, const at::Tensor& x) {
  const auto rows = left.size(0), r = x.size(2);
  auto t = at::mm(left.view({-1, left.size(2)}), x.reshape({x.size(0), -1}));
  t = on_blocks(a.from_left, t.view({rows, a.from_left.size(1), r}));
  t = at::mm(x.reshape({-1, r}).mH(), t.reshape({rows * a.whole.size(1), -1}));
  return t.view({r, a.whole.size(3), r});
}

at::Tensor grown_right(const at::Tensor& right, const OperatorCore& a, const at::Tensor& x) {
  const auto l = x.size(0), rows = right.size(2);
  const auto after = right.permute({1, 0, 2}).reshape({right.size(1), -1});
  auto t = at::mm(x.reshape({-1, x.size(2)}), after);
  t = on_blocks(a.from_right, t.view({l, a.from_right.size(1), rows}));
  t = at::mm(t.reshape({l * a.whole.size(0), -1}), x.reshape({l, -1}).mH());
  return t.view({l, a.whole.size(0), l}).permute({1, 0, 2}).contiguous();
}

at::Tensor grown_left(const at::Tensor& left, const at::Tensor& b, const at::Tensor& x) {
  const auto t = at::mm(left, b.reshape({b.size(0), -1}));
  return at::mm(x.reshape({-1, x.size(2)}).mH(), t.view({-1, b.size(2)}));
}

at::Tensor grown_right(const at::Tensor& right, const at::Tensor& b, const at::Tensor& x) {
  const auto t = at::mm(b.reshape({-1, b.size(2)}), right);
  return at::mm(t.view({b.size(0), -1}), x.reshape({x.size(0), -1}).mH());
}

}  // namespace ranklens::tn
