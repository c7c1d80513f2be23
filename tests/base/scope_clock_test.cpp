#include "ranklens/base/scope_clock.h"

#include <chrono>
#include <thread>

#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::base {
namespace {

TEST(ScopeClock, CountsPartsOfItsNameAndThoseWithinThemOnce) {
  const auto part = [](const char* name, const auto& work) {
    RECORD_USER_SCOPE(name);
    work();
  };
  const auto wait = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
  part("ranklens::test", wait);  // nobody watches
  {
    const ScopeClock clock("ranklens::test");
    part("ranklens::other", wait);
    EXPECT_EQ(clock.parts(), 0);
    EXPECT_EQ(clock.seconds(), 0);
    part("ranklens::test", [&] { part("ranklens::test", wait); });
    part("ranklens::other", [&] { part("ranklens::test", wait); });
    EXPECT_EQ(clock.parts(), 2);
    EXPECT_GE(clock.seconds(), 0.04);
    EXPECT_LT(clock.seconds(), 0.06 + 1);  // a busy machine
    ranklens::testing::expect_error([] { const ScopeClock other("ranklens::other"); },
                                    "one name at a time");
  }
  const ScopeClock again("ranklens::test");
  EXPECT_EQ(again.parts(), 0);
}

}  // namespace
}  // namespace ranklens::base
