#include "ranklens/base/process.h"

#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::base {
namespace {

TEST(RunProcess, GivesStatusAndOutput) {
  const auto result = run_process({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.output, "out\nerr\n");
  EXPECT_EQ(run_process({"sh", "-c", "kill -9 $$"}).status, 128 + 9);
  // No shell in between, and nothing to read.
  EXPECT_EQ(run_process({"echo", "$HOME *"}).output, "$HOME *\n");
  EXPECT_EQ(run_process({"cat"}).output, "");
}

TEST(RunProcess, SaysWhatCannotBeRun) {
  testing::expect_error([] { run_process({"no-such-program-here"}); },
                        "'no-such-program-here' cannot be run: No such file or directory");
}

}  // namespace
}  // namespace ranklens::base
