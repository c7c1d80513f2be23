#include "ranklens/optim/schedule.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"

namespace ranklens::optim {
namespace {

double at_epoch(const Schedule& schedule, double epoch, std::int64_t epochs = 10) {
  return schedule.factor({.step = static_cast<std::int64_t>(std::llround(epoch * 100)),
                          .steps_per_epoch = 100,
                          .epochs = epochs});
}

TEST(Schedule, ClosedForms) {
  EXPECT_EQ(at_epoch(make_schedule("constant"), 7), 1);
  const auto step = make_schedule("step(every=3,factor=0.5)");
  EXPECT_EQ(at_epoch(step, 2.99), 1);
  EXPECT_EQ(at_epoch(step, 3), 0.5);
  EXPECT_EQ(at_epoch(step, 9.5), 0.125);
  const auto linear = make_schedule("linear(final=0.2)");
  EXPECT_DOUBLE_EQ(at_epoch(linear, 0), 1);
  EXPECT_DOUBLE_EQ(at_epoch(linear, 5), 0.6);
  EXPECT_DOUBLE_EQ(at_epoch(linear, 10), 0.2);
  const auto cosine = make_schedule("cosine(final=0.1)");
  EXPECT_DOUBLE_EQ(at_epoch(cosine, 0), 1);
  EXPECT_DOUBLE_EQ(at_epoch(cosine, 5), 0.55);
  EXPECT_NEAR(at_epoch(cosine, 10.0 / 3), 0.1 + 0.9 * 0.75, 1e-3);
  EXPECT_DOUBLE_EQ(at_epoch(cosine, 10), 0.1);
}

TEST(Schedule, WarmUpIsLinearAndReachesOne) {
  const auto schedule = make_schedule("cosine(warmup=2)");
  EXPECT_DOUBLE_EQ(at_epoch(schedule, 0), 1.0 / 200);
  EXPECT_DOUBLE_EQ(at_epoch(schedule, 0.99), 0.5);
  EXPECT_DOUBLE_EQ(at_epoch(schedule, 1.99), 1);
  EXPECT_DOUBLE_EQ(at_epoch(schedule, 2), 1);
  EXPECT_DOUBLE_EQ(at_epoch(schedule, 6), 0.5);  // halfway through what is left
  EXPECT_NEAR(at_epoch(schedule, 10), 0, 1e-15);
}

// torch.optim.lr_scheduler.ReduceLROnPlateau(factor=0.5, patience=1) on the same losses.
TEST(Schedule, PlateauAsPyTorch) {
  auto schedule = make_schedule("plateau(factor=0.5,patience=1)");
  const std::vector<double> losses{1.0, 0.9, 0.95, 0.9, 0.89995, 0.8, 0.81, 0.82, 0.83, 0.84};
  const std::vector<double> rates{1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125};
  for (std::size_t i = 0; i < losses.size(); ++i) {
    schedule.observe(losses[i]);
    EXPECT_EQ(at_epoch(schedule, 1), rates[i]) << i;
    auto resumed = make_schedule(schedule.spec());  // a resumed run knows as much
    resumed.load(nlohmann::json::parse(schedule.save().dump()));
    schedule = resumed;
  }
}

TEST(Schedule, SpecsRoundTrip) {
  for (const char* spec :
       {"constant", "constant(warmup=2)", "step(every=3,factor=0.5)", "linear(final=0.2)",
        "cosine(final=0,warmup=1.5)", "plateau(factor=0.5,patience=1,threshold=0.01)"}) {
    EXPECT_EQ(make_schedule(spec).spec(), spec);
  }
  for (const char* spec : {"cosin", "step(every=0)", "cosine(factor=2)", "constant(warmup=-1)"}) {
    EXPECT_THROW(make_schedule(spec), base::Error) << spec;
  }
}

}  // namespace
}  // namespace ranklens::optim
