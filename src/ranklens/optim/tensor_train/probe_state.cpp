#include "ranklens/optim/tensor_train/probe_state.h"

#include <memory>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/weights/tangent_core.h"
#include "ranklens/optim/clip.h"

namespace ranklens::optim {
namespace {

enum class Place { first, inside, last };

/// What stays of a core during a step.
struct Point {
  tn::CoreForms forms;
  Place place = Place::inside;
  double factor = 1;
};

class CoreProbe final : public nn::FactorisedFormat,
                        public nn::TangentCore,
                        public OverlappingGradients {
 public:
  CoreProbe(std::shared_ptr<const Point> point, at::Tensor part)
      : FactorisedFormat(part.sizes().vec()), point_(std::move(point)), part_(std::move(part)) {}

  std::string_view kind() const override { return "probe"; }
  std::vector<nn::Factor> factors() const override { return {{"", part_}}; }
  nn::Weight with(std::vector<at::Tensor> tensors) const override {
    base::require(tensors.size() == 1, "a probe of a core has 1 factor, not {}", tensors.size());
    return nn::Weight(std::make_shared<CoreProbe>(point_, std::move(tensors.front())));
  }
  std::string spec() const override { return "probe"; }

  /// The core of the train whose cores hold the parts as blocks, differentiable in the part.
  at::Tensor dense() const override {
    const auto in_type = [&](const at::Tensor& core) { return core.to(part_.scalar_type()); };
    const auto left = in_type(point_->forms.left), right = in_type(point_->forms.right);
    if (point_->place == Place::first) return at::cat({part_, left}, 2);
    if (point_->place == Place::last) return at::cat({right, part_ + left}, 0);
    return at::cat({at::cat({right, at::zeros_like(right)}, 2), at::cat({part_, left}, 2)}, 0);
  }
  at::Tensor linear(const at::Tensor&, const at::Tensor&) const override { no_linear_map(); }
  at::Tensor linear_adjoint(const at::Tensor&) const override { no_linear_map(); }
  at::Tensor conv2d(const at::Tensor&, const at::Tensor&, const nn::ConvGeometry&) const override {
    no_linear_map();
  }
  std::int64_t multiply_adds() const override { return part_.numel(); }

  const tn::CoreForms& forms() const override { return point_->forms; }
  const at::Tensor& part() const override { return part_; }

  /// Of the projected gradient, in the unit of the space.
  double norm_squared(const std::vector<at::Tensor>& parts) const override {
    const double factor = point_->factor;
    auto part = parts.front().to(at::kDouble) * factor;
    if (point_->place != Place::last) {
      const auto left = point_->forms.left.to(at::kDouble).flatten(0, 1) / factor;
      const auto rows = part.flatten(0, 1);
      part = rows - at::matmul(left, at::matmul(left.t(), rows));
    }
    return part.pow(2).sum().item<double>();
  }

 private:
  [[noreturn]] static void no_linear_map() {
    base::fail("a core of a matrix product state is no linear map");
  }

  std::shared_ptr<const Point> point_;
  at::Tensor part_;
};

}  // namespace

std::vector<nn::Weight> state_probe(const tn::TangentSpace& space, double factor) {
  base::require(space.left.size() > 1, "a matrix product state has more than one core");
  std::vector<nn::Weight> weights;
  for (auto& forms : tn::core_forms(space)) {
    const auto place = weights.empty()                           ? Place::first
                       : weights.size() + 1 == space.left.size() ? Place::last
                                                                 : Place::inside;
    for (auto* core : {&forms.left, &forms.centre, &forms.right})
      *core = core->contiguous() * factor;
    auto part = at::zeros_like(forms.left);
    auto point = std::make_shared<Point>(Point{std::move(forms), place, factor});
    weights.emplace_back(std::make_shared<CoreProbe>(std::move(point), std::move(part)));
  }
  return weights;
}

}  // namespace ranklens::optim
