#include "ranklens/train/loss.h"

#include <ATen/core/Reduction.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"

namespace ranklens::train {

void check_logits(const at::Tensor& logits, const at::Tensor& labels) {
  base::require(logits.dim() == 2 && logits.size(0) == labels.size(0),
                "a classifier gives [batch, classes]; this network gives [{}] for a batch of {}",
                fmt::join(logits.sizes(), ", "), labels.size(0));
}

at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels, double smoothing) {
  check_logits(logits, labels);
  const bool wide = logits.scalar_type() == at::kFloat || logits.scalar_type() == at::kDouble;
  return at::cross_entropy_loss(wide ? logits : logits.to(at::kFloat), labels, {},
                                at::Reduction::Sum, -100, smoothing);
}

std::int64_t count_correct(const at::Tensor& logits, const at::Tensor& labels) {
  const at::NoGradGuard no_gradients;
  return logits.detach().argmax(1).eq(labels).sum().item<std::int64_t>();
}

}  // namespace ranklens::train
