#include "ranklens/base/product.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif
#include <mutex>
#include <optional>

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"

namespace ranklens::base {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// linear with a fused pointwise operation after it, which libtorch's compiler uses; here "none".
using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             std::string_view, c10::List<std::optional<at::Scalar>>,
                             std::optional<std::string_view>);

const std::optional<c10::TypedOperatorHandle<Pointwise>>& pointwise() {
  static const auto handle = []() -> std::optional<c10::TypedOperatorHandle<Pointwise>> {
    const auto found = c10::Dispatcher::singleton().findSchema({"mkldnn::_linear_pointwise", ""});
    if (!found) return std::nullopt;  // a libtorch built without oneDNN
    return found->typed<Pointwise>();
  }();
  return handle;
}

// Rows or columns one after the other, which oneDNN reads as they are; anything else, such as the
// expanded gradient of a sum, is copied.
at::Tensor plain_matrix(const at::Tensor& t) {
  const bool rows = t.stride(1) == 1 && t.stride(0) >= t.size(1);
  const bool columns = t.stride(0) == 1 && t.stride(1) >= t.size(0);
  return rows || columns ? t : t.contiguous();
}

// x [m, k], w [n, k].
at::Tensor onednn_product(const at::Tensor& x, const at::Tensor& w,
                          const std::optional<at::Tensor>& bias) {
  return pointwise()->call(plain_matrix(x), plain_matrix(w), bias, "none",
                           c10::List<std::optional<at::Scalar>>(), "");
}

// The three products of a linear map, each by oneDNN: out = x W^T, dx = dy W, dW = dy^T x.
struct OneDnnLinear : torch::autograd::Function<OneDnnLinear> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const std::optional<at::Tensor>& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.has_value();
    return onednn_product(x, weight, bias);
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& dy = gradients[0];
    // base::linear and not onednn_product: the gradient can be differentiated again.
    tensor_list result(3);
    if (context->needs_input_grad(0)) result[0] = base::linear(dy, saved[1].t());
    if (context->needs_input_grad(1)) result[1] = base::linear(dy.t(), saved[0].t());
    if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) result[2] = dy.sum(0);
    return result;
  }
};

bool plain_float(const at::Tensor& t) {
  return t.scalar_type() == at::kFloat && t.device().is_cpu() && t.layout() == at::kStrided;
}

// Below two million multiply-adds the call itself is what costs.
bool worth_a_choice(const at::Tensor& x, const at::Tensor& weight) {
  constexpr double least = 1 << 21;
  return x.dim() >= 1 && weight.dim() == 2 &&
         static_cast<double>(x.numel()) * static_cast<double>(weight.size(0)) >= least &&
         plain_float(x) && plain_float(weight) && x.size(-1) == weight.size(1);
}

std::atomic<int> chosen{-1};

ProductKernel decide() {
  const char* text = std::getenv("RANKLENS_PRODUCT");
  const std::string_view asked = text == nullptr ? "" : text;
  if (asked == "measure") return choose_product(measure_products());
  if (!asked.empty() && asked != "auto") return parse_product_kernel(asked);
  return pointwise() ? kernel_for(this_processor()) : ProductKernel::libtorch;
}

}  // namespace

#if defined(__x86_64__) || defined(__i386__)
Processor this_processor() {
  Processor processor;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0, &a, &b, &c, &d) == 0) return processor;
  // The name's twelve letters stand in these three registers, in this order.
  for (const unsigned part : {b, d, c}) {
    for (unsigned k = 0; k < 4; ++k) processor.vendor += static_cast<char>(part >> (8 * k) & 0xFF);
  }
  if (__get_cpuid(1, &a, &b, &c, &d) != 0) {
    processor.family = a >> 8 & 0xF;
    if (processor.family == 0xF) processor.family += a >> 20 & 0xFF;
  }
  // What the processor has and the operating system keeps.
  processor.avx512 = __builtin_cpu_supports("avx512f") != 0;
  return processor;
}
#else
Processor this_processor() { return {}; }
#endif

ProductKernel kernel_for(const Processor& processor) {
  const bool wide =
      processor.vendor == "AuthenticAMD" && processor.family >= 0x1A && processor.avx512;
  return wide ? ProductKernel::onednn : ProductKernel::libtorch;
}

std::string_view to_string(ProductKernel kernel) {
  return kernel == ProductKernel::onednn ? "onednn" : "libtorch";
}

ProductKernel parse_product_kernel(std::string_view text) {
  if (text == "libtorch") return ProductKernel::libtorch;
  require(text == "onednn", "the product kernel '{}' is none of 'libtorch', 'onednn', 'measure'",
          text);
  require(pointwise().has_value(), "this libtorch has no oneDNN: the product kernel is 'libtorch'");
  return ProductKernel::onednn;
}

ProductMeasurement measure_products() {
  if (!pointwise()) return {};
  const at::NoGradGuard no_gradients;
  const at::Tensor a = at::ones({256, 256});
  const at::Tensor b = at::ones({256, 256});
  constexpr double operations = 2.0 * 256 * 256 * 256;
  // The first call of each sets its kernel up; then the best of five, taken in turn.
  at::linear(a, b);
  onednn_product(a, b, std::nullopt);
  ProductMeasurement best;
  for (int repeat = 0; repeat < 5; ++repeat) {
    Stopwatch watch;
    at::linear(a, b);
    best.libtorch = std::max(best.libtorch, operations / watch.restart() * 1e-9);
    onednn_product(a, b, std::nullopt);
    best.onednn = std::max(best.onednn, operations / watch.seconds() * 1e-9);
  }
  return best;
}

ProductKernel choose_product(const ProductMeasurement& measured) {
  return measured.onednn > 1.25 * measured.libtorch ? ProductKernel::onednn
                                                    : ProductKernel::libtorch;
}

ProductKernel product_kernel() {
  if (const int known = chosen.load(std::memory_order_acquire); known >= 0) {
    return static_cast<ProductKernel>(known);
  }
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (chosen.load() < 0) set_product_kernel(decide());
  return static_cast<ProductKernel>(chosen.load());
}

void set_product_kernel(ProductKernel kernel) {
  chosen.store(static_cast<int>(kernel), std::memory_order_release);
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const auto given = bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt;
  if (!worth_a_choice(x, weight) || product_kernel() == ProductKernel::libtorch) {
    return at::linear(x, weight, given);
  }
  const at::Tensor rows = x.dim() == 2 ? x : x.reshape({-1, x.size(-1)});
  const bool differentiable =
      at::GradMode::is_enabled() &&
      (x.requires_grad() || weight.requires_grad() || (given && given->requires_grad()));
  at::Tensor out = differentiable ? OneDnnLinear::apply(rows, weight, given)
                                  : onednn_product(rows, weight, given);
  if (x.dim() == 2) return out;
  std::vector<std::int64_t> sizes(x.sizes().begin(), x.sizes().end() - 1);
  sizes.push_back(weight.size(0));
  return out.view(sizes);
}

}  // namespace ranklens::base
