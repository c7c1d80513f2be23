#include "ranklens/optim/low_rank/probe_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/product.h"
#include "ranklens/optim/low_rank/uses_holder.h"

namespace ranklens::optim {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Sums of `values` [c, q] by the rows that they are of: [rows, q]. In 16 bits a sum soon stops
// growing (of bfloat16 256 + 1 is 256). On the CPU this kernel adds in a fixed order.
at::Tensor added_by_row(const at::Tensor& values, const at::Tensor& indices, std::int64_t rows) {
  const auto type = values.scalar_type();
  const bool narrow = type == at::kBFloat16 || type == at::kHalf;
  constexpr std::int64_t no_padding = -1;
  return at::embedding_dense_backward(narrow ? values.to(at::kFloat) : values, indices, rows,
                                      no_padding, /*scale_grad_by_freq=*/false)
      .to(type);
}

// With one-hot rows E [c, m] and `out` [c, n], G = E^T out. E is not formed, and so the use is that
// of no linear map: where there are fewer lookups than the rank, bases grow by the spans of G V and
// G^T U and by columns beside them, along which G is nothing.
Use lookup_use(const at::Tensor& out, const at::Tensor& indices) {
  Use use;
  use.between = [=](const at::Tensor& left, const at::Tensor& right) {
    const auto type = out.scalar_type();
    const auto rows = left.index_select(0, indices).to(type);
    return at::matmul(rows.t(), at::matmul(out, right.to(type))).to(left.scalar_type());
  };
  return use;
}

struct ProbedRows : torch::autograd::Function<ProbedRows> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& indices, const at::Tensor&,
                            const at::Tensor&, const at::Tensor&, const ProbeCall& call) {
    const auto& [u, s, v] = call.point;
    const auto left = u.index_select(0, indices);
    context->save_for_backward({indices, left, v});
    context->saved_data["rows"] = u.size(0);
    keep(context, call.uses);
    return base::linear(at::matmul(left, s), v);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &indices = saved[0], &left = saved[1], &v = saved[2];
    const auto& out = gradients[0];
    const auto reduced = at::matmul(out, v);
    tensor_list found(5);
    found[2] = at::matmul(left.t(), reduced);
    if (context->needs_input_grad(1)) {
      found[1] = added_by_row(reduced, indices, context->saved_data["rows"].toInt());
      found[3] = at::matmul(out.t(), left);
    }
    if (const auto uses = kept(context)) uses->push_back(lookup_use(out, indices));
    return found;
  }
};

}  // namespace

at::Tensor probed_rows(const ProbeCall& call, const at::Tensor& indices) {
  auto shape = indices.sizes().vec();
  shape.push_back(call.point.v.size(0));
  return ProbedRows::apply(indices.reshape(-1), call.k, call.s, call.l, call).reshape(shape);
}

}  // namespace ranklens::optim
