#include "ranklens/optim/tensor_train/probe_train.h"

#include <memory>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/weights/named_factors.h"
#include "ranklens/optim/clip.h"
#include "ranklens/optim/tensor_train/stored_cores.h"
#include "ranklens/optim/tensor_train/tangent_convolution.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/linear/tangent_linear.h"

namespace ranklens::optim {
namespace {

/// What stays of a weight during a step: itself, the space of its cores, and that as it is stored.
struct TrainPoint {
  nn::Weight weight;
  tn::TangentSpace space;
  tn::OrthogonalForms forms;
  std::vector<CoreModes> modes;
};

class TrainProbe final : public nn::FactorisedFormat, public OverlappingGradients {
 public:
  TrainProbe(std::shared_ptr<const TrainPoint> point, std::vector<at::Tensor> parts)
      : FactorisedFormat(point->weight->shape()),
        point_(std::move(point)),
        parts_(std::move(parts)) {}

  std::string_view kind() const override { return "probe"; }
  std::vector<nn::Factor> factors() const override {
    return nn::named(nn::core_names(parts_.size()), parts_);
  }
  nn::Weight with(std::vector<at::Tensor> tensors) const override {
    base::require(tensors.size() == parts_.size(), "a probe has {} factors, not {}", parts_.size(),
                  tensors.size());
    return nn::Weight(std::make_shared<TrainProbe>(point_, std::move(tensors)));
  }
  std::string spec() const override { return "probe"; }

  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override {
    if (point_->weight->kind() != "tt") return doubled()->linear(x, bias);
    return tn::tangent_linear({in_type(point_->forms.left), in_type(point_->forms.right)}, parts_,
                              x, bias);
  }
  at::Tensor linear_adjoint(const at::Tensor& y) const override {
    return doubled()->linear_adjoint(y);
  }
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const nn::ConvGeometry& geometry) const override {
    if (point_->weight->kind() != "tt_conv") return doubled()->conv2d(x, bias, geometry);
    return tangent_convolution({in_type(point_->forms.left), in_type(point_->forms.right)}, parts_,
                               x, bias, geometry);
  }
  at::Tensor dense() const override { return doubled()->dense(); }
  at::Tensor rows(const at::Tensor& indices) const override { return doubled()->rows(indices); }
  std::int64_t multiply_adds() const override { return point_->weight->multiply_adds(); }
  std::int64_t row_multiply_adds() const override { return point_->weight->row_multiply_adds(); }

  /// Of the projected gradient: the parts themselves overlap along the bases of the point.
  double norm_squared(const std::vector<at::Tensor>& parts) const override {
    const auto tangent = tn::gauged(point_->space, fused_cores(parts, point_->modes));
    return inner(tangent, tangent);
  }

 private:
  /// In the type that the network computes in, which is that of the parts.
  std::vector<at::Tensor> in_type(std::vector<at::Tensor> cores) const {
    for (auto& core : cores) core = core.to(parts_.front().scalar_type());
    return cores;
  }

  /// The train whose cores hold the parts as blocks, differentiable in them.
  nn::Weight doubled() const {
    const tn::TangentSpace space{in_type(point_->space.left), in_type(point_->space.right)};
    tn::Tangent tangent{fused_cores(parts_, point_->modes)};
    tangent.deltas.back() = tangent.deltas.back() + space.left.back();
    return point_->weight->with(stored_cores(tn::as_train(space, tangent).cores, point_->modes));
  }

  std::shared_ptr<const TrainPoint> point_;
  std::vector<at::Tensor> parts_;
};

}  // namespace

nn::Weight train_probe(const nn::Weight& like, const tn::TangentSpace& space) {
  base::require((like->kind() == "tt" || like->kind() == "tt_conv") &&
                    like->factors().size() == space.left.size() && space.log_scale == 0,
                "a probe is made of a train of {} cores, not of a weight of format {}",
                space.left.size(), like->kind());
  auto modes = modes_of(like);
  std::vector<at::Tensor> parts;
  tn::OrthogonalForms forms{stored_cores(space.left, modes), stored_cores(space.right, modes)};
  for (const auto& core : forms.left) parts.push_back(at::zeros_like(core));
  auto point = std::make_shared<TrainPoint>(
      TrainPoint{like->with(forms.left), space, std::move(forms), std::move(modes)});
  return nn::Weight(std::make_shared<TrainProbe>(std::move(point), std::move(parts)));
}

}  // namespace ranklens::optim
