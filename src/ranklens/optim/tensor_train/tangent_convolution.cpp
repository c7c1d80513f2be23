#include "ranklens/optim/tensor_train/tangent_convolution.h"

#include "ranklens/nn/weights/tt_conv_steps.h"
#include "ranklens/optim/convolution_parts.h"

namespace ranklens::optim {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// The window over every channel by itself: through its left form, with what comes back from cores
/// in their right one through its own.
struct TangentWindow : torch::autograd::Function<TangentWindow> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& left,
                            const at::Tensor& right, const at::Tensor& /*part*/, const Walk& walk) {
    context->save_for_backward({x, right});
    keep(context, walk);
    return filtered(x, nn::window_filters(left), walk);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], filters = nn::window_filters(saved[1]);
    const auto walk = kept_walk(context);
    tensor_list found(5);  // one an argument
    if (context->needs_input_grad(0)) found[0] = image_gradient(gradients[0], x, filters, walk);
    found[3] = kernel_gradient(gradients[0], x, filters.sizes(), walk)
                   .squeeze(1)
                   .permute({1, 2, 0})
                   .contiguous();
    return found;
  }
};

std::vector<at::Tensor> behind_window(const std::vector<at::Tensor>& cores) {
  return nn::channel_train({cores.begin() + 1, cores.end()});
}

}  // namespace

at::Tensor tangent_convolution(const tn::OrthogonalForms& point,
                               const std::vector<at::Tensor>& parts, const at::Tensor& x,
                               const at::Tensor& bias, const nn::ConvGeometry& geometry) {
  const auto [image, walk] = padded_for(x, geometry);
  const auto each = TangentWindow::apply(nn::channels_apart(image), point.left.front(),
                                         point.right.front(), parts.front(), walk);
  const auto rows = tn::tangent_linear({behind_window(point.left), behind_window(point.right)},
                                       behind_window(parts), nn::pixel_rows(each, x.size(1)), bias,
                                       {.order = tn::Order::from_left});
  return nn::image_of_rows(rows, x.size(0), each);
}

}  // namespace ranklens::optim
