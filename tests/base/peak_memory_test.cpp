#include "ranklens/base/peak_memory.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

namespace ranklens::base {
namespace {

TEST(PeakMemory, CountsWhatTensorsHoldAndHeld) {
  const PeakMemory memory;
  auto kept = at::zeros({1000}, at::kFloat);
  const auto one = memory.live();
  EXPECT_GE(one, 4000);
  EXPECT_LT(one, 4200);
  {
    const auto passing = at::zeros({5000}, at::kFloat);
  }
  EXPECT_EQ(memory.live(), one);
  EXPECT_GE(memory.peak(), 24000);
  EXPECT_LT(memory.peak(), 24400);
  EXPECT_EQ(memory.largest() / 1000, 20);
}

TEST(PeakMemory, BeginsAnewAtWhatIsHeld) {
  PeakMemory memory;
  const auto kept = at::zeros({1000}, at::kFloat);
  {
    const auto passing = at::zeros({5000}, at::kFloat);
  }
  memory.forget_peak();
  EXPECT_EQ(memory.peak(), memory.live());
  {
    const auto passing = at::zeros({500}, at::kFloat);
  }
  EXPECT_GE(memory.peak() - memory.live(), 2000);
  EXPECT_LT(memory.peak() - memory.live(), 2200);
}

TEST(PeakMemory, SaysWhatACallTook) {
  const auto taken = allocated_by(
      [] { const auto a = at::zeros({100}, at::kDouble), b = at::zeros({300}, at::kDouble); });
  EXPECT_EQ(taken.largest / 100, 24);
  EXPECT_EQ(taken.total / 100, 32);
}

}  // namespace
}  // namespace ranklens::base
