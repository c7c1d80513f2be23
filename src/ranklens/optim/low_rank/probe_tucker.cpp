#include "ranklens/optim/low_rank/probe_tucker.h"

#include <array>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/optim/clip.h"
#include "ranklens/optim/convolution_parts.h"
#include "ranklens/optim/low_rank/probe_dense.h"
#include "ranklens/optim/low_rank/uses_holder.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/tall.h"

namespace ranklens::optim {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// A probe at work: the point in the type it computes in, each mode as K times its held rows.
struct TuckerCall {
  at::Tensor u, v;         ///< of the point
  at::Tensor k_out, k_in;  ///< U S [O, m], V S' [I, m']
  CoreRows rows;           ///< [m, q, height, width], [p, m', height, width]
  std::shared_ptr<Uses> uses;
  Walk walk;
};

// Rows of pixels back into channels: [batch * h * w, channels] times columns, as an image.
at::Tensor over_channels(const at::Tensor& image, const at::Tensor& columns) {
  return image_of(tn::tall_times(pixels(image), columns), image);
}

Use tucker_use(const at::Tensor& out, const at::Tensor& x, const at::Tensor& core,
               const Walk& walk) {
  Use use;
  use.between = [=, window = core.sizes().slice(2).vec()](const at::Tensor& left,
                                                          const at::Tensor& right) {
    const auto type = x.scalar_type();
    const auto back = over_channels(out, left.to(type)), reduced = over_channels(x, right.to(type));
    return kernel_gradient(back, reduced, {left.size(1), right.size(1), window[0], window[1]}, walk)
        .to(left.scalar_type());
  };
  return use;
}

struct ProbedTucker : torch::autograd::Function<ProbedTucker> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const std::optional<at::Tensor>& bias, const at::Tensor&,
                            const at::Tensor&, const at::Tensor&, const TuckerCall& call) {
    const auto reduced = over_channels(x, call.v);
    const auto inner = filtered(reduced, call.rows.out, call.walk);
    context->save_for_backward({x, reduced, inner, call.u, call.k_in, call.rows.in});
    keep(context, call.walk);
    keep(context, call.uses);
    context->saved_data["bias"] = bias.has_value();
    return image_of(tn::tall_times(pixels(inner), call.k_out.t(), bias.value_or(at::Tensor())),
                    inner);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &reduced = saved[1], &inner = saved[2], &u = saved[3],
               &k_in = saved[4], &rows_in = saved[5];
    const auto walk = kept_walk(context);
    const auto out = pixels(gradients[0]);
    const auto back = image_of(tn::tall_times(out, u), inner);
    const auto held = kept(context);
    tensor_list found(6);
    // Places are counted over the tensors that there are.
    const bool bias = context->saved_data["bias"].toBool();
    if (bias && context->needs_input_grad(1)) found[1] = out.sum(0);
    found[3] = kernel_gradient(
        back, reduced, {u.size(1), reduced.size(1), rows_in.size(2), rows_in.size(3)}, walk);
    const bool of_image = context->needs_input_grad(0),
               of_all = context->needs_input_grad(bias ? 2 : 1);
    if (of_image || of_all) {
      // To the m' channels before K. Only the shape of the image matters here.
      const auto like = reduced.narrow(1, 0, rows_in.size(1));
      const auto through = pixels(image_gradient(back, like, rows_in, walk));
      if (of_image) found[0] = image_of(tn::tall_times(through, k_in.t()), x);
      if (of_all) {
        found[2] = tn::tall_gram(out, pixels(inner));
        found[4] = tn::tall_gram(pixels(x), through);
      }
    }
    if (held) held->push_back(tucker_use(gradients[0], x, rows_in, walk));
    return found;
  }
};

class TuckerProbe final : public nn::FactorisedFormat, public OverlappingGradients {
 public:
  TuckerProbe(nn::Shape shape, TuckerKernel point, CoreRows rows, std::vector<at::Tensor> slots,
              std::shared_ptr<Uses> uses)
      : FactorisedFormat(std::move(shape)),
        point_(std::move(point)),
        rows_(std::move(rows)),
        slots_(std::move(slots)),
        uses_(std::move(uses)) {}

  std::string_view kind() const override { return "tucker probe"; }
  std::vector<nn::Factor> factors() const override {
    if (of_core_alone()) return {{"dC", slots_[0]}};
    return {{"dKout", slots_[0]}, {"dC", slots_[1]}, {"dKin", slots_[2]}};
  }
  nn::Weight with(std::vector<at::Tensor> tensors) const override {
    base::require(tensors.size() == slots_.size(), "a probe has {} factors, not {}", slots_.size(),
                  tensors.size());
    return nn::Weight(
        std::make_shared<TuckerProbe>(shape_, point_, rows_, std::move(tensors), uses_));
  }
  std::string spec() const override { return "tucker probe"; }
  double norm_squared(const std::vector<at::Tensor>& parts) const override {
    if (of_core_alone()) return std::pow(tn::frobenius(parts[0]), 2);
    return projected_norm_squared(
        {.k_out = parts[0], .k_in = parts[2], .core = parts[1], .rows = rows_});
  }

  at::Tensor linear(const at::Tensor&, const at::Tensor&) const override { return no_matrix(); }
  at::Tensor linear_adjoint(const at::Tensor&) const override { return no_matrix(); }
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const nn::ConvGeometry& geometry) const override {
    const auto [image, walk] = padded_for(x, geometry);
    const auto type = slots_.front().scalar_type();
    const auto& [u, core, v] = point_;
    const TuckerCall call{u.to(type),
                          v.to(type),
                          k(u, rows_.out, 0).to(type),
                          k(v, rows_.in, 1).to(type),
                          {rows_.out.to(type), rows_.in.to(type)},
                          uses_,
                          walk};
    const auto [k_out, c, k_in] = all_slots();
    return ProbedTucker::apply(image, optional_of(bias), k_out, c, k_in, call);
  }
  at::Tensor dense() const override {
    const auto type = slots_.front().scalar_type();
    const auto& [u, core, v] = point_;
    return probed_dense({u.to(type), core.to(type), v.to(type)},
                        {rows_.out.to(type), rows_.in.to(type)}, all_slots(), uses_);
  }
  std::int64_t multiply_adds() const override {
    return point_.u.numel() + point_.core.numel() + point_.v.numel();
  }

 private:
  bool of_core_alone() const { return slots_.size() == 1; }

  // A Function takes no undefined tensors.
  std::array<at::Tensor, 3> all_slots() const {
    if (!of_core_alone()) return {slots_[0], slots_[1], slots_[2]};
    const auto unread = slots_[0].new_empty({0});
    return {unread, slots_[0], unread};
  }

  // Held against the core itself, as of one that is read for it alone, a K is the basis.
  at::Tensor k(const at::Tensor& basis, const at::Tensor& rows, std::int64_t mode) const {
    return of_core_alone() ? basis : k_of(basis, point_.core, rows, mode);
  }

  static at::Tensor no_matrix() {
    base::fail("a kernel with a window in Tucker form is no linear map");
  }

  TuckerKernel point_;
  CoreRows rows_;
  std::vector<at::Tensor> slots_;
  std::shared_ptr<Uses> uses_;
};

}  // namespace

nn::Weight probe(const nn::Shape& shape, const TuckerKernel& point, const CoreRows& rows,
                 std::shared_ptr<Uses> uses, Reads reads) {
  const auto& [u, core, v] = point;
  std::vector<at::Tensor> slots{at::zeros_like(core)};
  if (reads == Reads::all) {
    slots.insert(slots.begin(), u.new_zeros({u.size(0), rows.out.size(0)}));
    slots.push_back(v.new_zeros({v.size(0), rows.in.size(1)}));
  }
  auto held = reads == Reads::all ? rows : CoreRows{core, core};
  return nn::Weight(std::make_shared<TuckerProbe>(shape, point, std::move(held), std::move(slots),
                                                  std::move(uses)));
}

TuckerGradient probed_gradient(const CoreRows& rows, const at::Tensor& k_out,
                               const at::Tensor& core, const at::Tensor& k_in, const Uses& uses,
                               double scale) {
  return {.k_out = k_out,
          .k_in = k_in,
          .core = core,
          .rows = rows,
          .between = uses.empty() ? nullptr : between_of(uses, scale)};
}

}  // namespace ranklens::optim
