#include "ranklens/tn/linear/step_gradient.h"

#include <tuple>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/einsum.h>
#include <gtest/gtest.h>

#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using ranklens::testing::drawn;
using ranklens::testing::relative;

const std::vector<StepSizes> kStepSizes{
    {.batches = 5, .rows = 3, .inner = 4, .columns = 7},
    {.batches = 1, .rows = 3, .inner = 4, .columns = 7},
    {.batches = 6, .rows = 2, .inner = 5, .columns = 1},
    {.batches = 4, .rows = 2, .inner = 3, .columns = 3},
};

// What a device computes by one product, the processor computes by many: sums onto what is there.
TEST(StepGradient, BothFormsAreTheSumOverBatchesAndColumns) {
  const std::vector<std::tuple<at::ScalarType, at::ScalarType, double>> types{
      {at::kDouble, at::kDouble, 1e-14},
      {at::kComplexDouble, at::kComplexDouble, 1e-14},
      {at::kFloat, at::kFloat, 1e-5},
      {at::kBFloat16, at::kFloat, 2e-2}};
  for (const auto& [type, summed, rounding] : types) {
    const auto wide = at::isComplexType(type) ? at::kComplexDouble : at::kDouble;
    for (const auto& s : kStepSizes) {
      const auto in = drawn({s.batches, s.inner, s.columns}, "in", wide).to(type);
      const auto dout = drawn({s.batches, s.rows, s.columns}, "dout", wide).to(type);
      const auto before = drawn({s.rows, s.inner}, "before", wide).to(summed);
      const auto wanted =
          before.to(wide) + at::einsum("pan,pcn->ac", {dout.to(wide), in.to(wide).conj()});
      for (auto* add : {&add_batch_by_batch, &add_at_once, &add_step_gradient}) {
        auto gradient = before.clone();
        (*add)(gradient, in.view(-1), dout.view(-1), s);  // as tiles hold them
        EXPECT_EQ(gradient.scalar_type(), summed);
        EXPECT_LT(relative(gradient.to(wide), wanted), rounding)
            << c10::toString(type) << ", " << s.batches << " batches, " << s.columns << " columns";
      }
    }
  }
}

}  // namespace
}  // namespace ranklens::tn
