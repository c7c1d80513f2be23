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

TEST(ShellLine, AShellReadsTheSameWords) {
  const std::vector<std::string> words{"plain-1.2_3/a:b,c=d+e@f%g",
                                       "",
                                       "two words",
                                       "it's",
                                       "'",
                                       "$HOME `id` \\ \"x\"",
                                       "~",
                                       "*",
                                       "a;b|c&d",
                                       "smoothgrad(samples=2)",
                                       "new\nline",
                                       "–",
                                       "#",
                                       "!x"};
  std::vector<std::string> command{"printf", "[%s]"};
  command.insert(command.end(), words.begin(), words.end());
  std::string expected;
  for (const auto& word : words) expected += "[" + word + "]";
  EXPECT_EQ(run_process({"sh", "-c", shell_line(command)}).output, expected);
  EXPECT_EQ(shell_line({"ranklens", "study", "--methods", "gradcam,smoothgrad(samples=2)"}),
            "ranklens study --methods 'gradcam,smoothgrad(samples=2)'");
}

}  // namespace
}  // namespace ranklens::base
