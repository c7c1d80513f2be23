#include "ranklens/tn/linear/kept_states.h"

#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"
#include "ranklens/base/memory.h"
#include "ranklens/tn/linear/application_cost.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/tt_linear.h"

namespace ranklens::tn {
namespace {

class StateAllowance : public ::testing::Test {
 protected:
  void TearDown() override { set_state_allowance(before_); }

  const double before_ = state_allowance();
};

TEST_F(StateAllowance, IsAShareOfAllMemoryAndStays) {
  const auto there_is = base::memory_there_is();
  if (!there_is) GTEST_SKIP() << "the system does not say how much memory there is";
  EXPECT_DOUBLE_EQ(before_, static_cast<double>(*there_is) / 8);
  EXPECT_EQ(state_allowance(), before_);
}

TEST_F(StateAllowance, BoundsWhatALayerKeepsAndAloneDecides) {
  std::vector<at::Tensor> cores;
  for (const auto& sizes : {std::vector<std::int64_t>{1, 8, 8, 8},
                            {8, 8, 8, 8},
                            {8, 8, 8, 8},
                            std::vector<std::int64_t>{8, 8, 8, 1}})
    cores.push_back(at::randn(sizes));
  constexpr std::int64_t batch = 256;
  const auto kept = [&](const Schedule& schedule) {
    return schedule_cost(modes_of(cores), schedule, batch, 4, true).kept;
  };
  const auto schedule = [&] { return tt_linear_schedule(cores, batch, true); };
  set_state_allowance(1e12);
  const auto roomy = schedule();
  ASSERT_GT(kept(roomy), 0);
  set_state_allowance(kept(roomy) - 1);
  EXPECT_LT(kept(schedule()), kept(roomy));
  set_state_allowance(0);
  EXPECT_EQ(kept(schedule()), 0);
  EXPECT_EQ(schedule(), tt_linear_schedule(cores, batch, true, KeepStates::low_memory));
  set_state_allowance(1e12);
  EXPECT_EQ(schedule(), roomy);
  EXPECT_THROW(set_state_allowance(-1), base::Error);
}

}  // namespace
}  // namespace ranklens::tn
