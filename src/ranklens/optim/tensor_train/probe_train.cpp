#include "ranklens/optim/tensor_train/probe_train.h"

#include <memory>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/weights/named_factors.h"
#include "ranklens/nn/weights/tt_matrix.h"
#include "ranklens/optim/clip.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/linear/tangent_linear.h"

namespace ranklens::optim {
namespace {

class TrainProbe final : public nn::FactorisedFormat, public OverlappingGradients {
 public:
  TrainProbe(nn::Shape shape, tn::OrthogonalForms point, std::vector<at::Tensor> parts)
      : FactorisedFormat(std::move(shape)), point_(std::move(point)), parts_(std::move(parts)) {}

  std::string_view kind() const override { return "probe"; }
  std::vector<nn::Factor> factors() const override {
    return nn::named(nn::core_names(parts_.size()), parts_);
  }
  nn::Weight with(std::vector<at::Tensor> tensors) const override {
    base::require(tensors.size() == parts_.size(), "a probe has {} factors, not {}", parts_.size(),
                  tensors.size());
    return nn::Weight(std::make_shared<TrainProbe>(shape_, point_, std::move(tensors)));
  }
  std::string spec() const override { return "probe"; }

  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override {
    return tn::tangent_linear(cast_point(), parts_, x, bias);
  }
  at::Tensor linear_adjoint(const at::Tensor& y) const override {
    return doubled().linear_adjoint(y);
  }
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const nn::ConvGeometry& geometry) const override {
    return doubled().conv2d(x, bias, geometry);
  }
  at::Tensor dense() const override { return doubled().dense(); }
  at::Tensor rows(const at::Tensor& indices) const override { return doubled().rows(indices); }
  std::int64_t multiply_adds() const override { return point().multiply_adds(); }
  std::int64_t row_multiply_adds() const override { return point().row_multiply_adds(); }

  /// Of the projected gradient: the parts themselves overlap along the bases of the point.
  double norm_squared(const std::vector<at::Tensor>& parts) const override {
    const auto tangent = tn::gauged({fused(point_.left), fused(point_.right)}, fused(parts));
    return inner(tangent, tangent);
  }

 private:
  static std::vector<at::Tensor> fused(const std::vector<at::Tensor>& cores) {
    std::vector<at::Tensor> three;
    for (const auto& core : cores) three.push_back(core.reshape({core.size(0), -1, core.size(3)}));
    return three;
  }

  nn::TTMatrix point() const { return {shape_, point_.left}; }

  /// In the type that the network computes in, which is that of the parts.
  tn::OrthogonalForms cast_point() const {
    auto cast = point_;
    for (auto* form : {&cast.left, &cast.right})
      for (auto& core : *form) core = core.to(parts_.front().scalar_type());
    return cast;
  }

  /// The train whose cores hold the parts as blocks, differentiable in them.
  nn::TTMatrix doubled() const {
    const auto cast = cast_point();
    tn::Tangent tangent{fused(parts_)};
    const tn::TangentSpace space{fused(cast.left), fused(cast.right)};
    tangent.deltas.back() = tangent.deltas.back() + space.left.back();
    auto cores = tn::as_train(space, tangent).cores;
    for (std::size_t k = 0; k < cores.size(); ++k) {
      cores[k] = cores[k].reshape(
          {cores[k].size(0), parts_[k].size(1), parts_[k].size(2), cores[k].size(2)});
    }
    return {shape_, std::move(cores)};
  }

  tn::OrthogonalForms point_;
  std::vector<at::Tensor> parts_;
};

}  // namespace

nn::Weight train_probe(const nn::Weight& like, const tn::TangentSpace& space) {
  tn::OrthogonalForms point;
  std::vector<at::Tensor> parts;
  const auto factors = like->factors();
  base::require(like->kind() == "tt" && factors.size() == space.left.size() && space.log_scale == 0,
                "a probe is made of a train of {} cores, not of a weight of format {}",
                space.left.size(), like->kind());
  for (std::size_t k = 0; k < factors.size(); ++k) {
    const auto& core = factors[k].tensor;
    const auto apart = [&](const at::Tensor& one) {
      return one.reshape({one.size(0), core.size(1), core.size(2), one.size(2)}).contiguous();
    };
    point.left.push_back(apart(space.left[k]));
    point.right.push_back(apart(space.right[k]));
    parts.push_back(at::zeros_like(point.left.back()));
  }
  return nn::Weight(
      std::make_shared<TrainProbe>(like->shape(), std::move(point), std::move(parts)));
}

}  // namespace ranklens::optim
