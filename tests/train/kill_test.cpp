// Killed at any moment and taken up again, a run ends with the same bits.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ranklens/base/threads.h"
#include "ranklens/train/checkpoint.h"

#include "testing/temporary_folder.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

FitOptions options_in(const std::filesystem::path& folder) {
  // A checkpoint after each step: a good part of the time is spent writing them.
  return {.epochs = 30,
          .batch = 16,
          .optimiser = "sgd(lr=0.05,momentum=0.9)",
          .schedule = "cosine(warmup=1)",
          .seed = 3,
          .augment = {.crop = 1},
          .folder = folder,
          .checkpoint_steps = 1};
}

FitResult run(const std::filesystem::path& folder) {
  return fit(tiny_network(), tiny_data(64, 1), tiny_data(32, 2), options_in(folder));
}

// Whether there is a file that the process is, or was when it was killed, in the middle of writing:
// its number is in the name (".checkpoint.safetensors.4711.3.tmp"). Other processes left others.
bool writing(const std::filesystem::path& folder, pid_t process) {
  std::error_code ignored;
  const std::filesystem::directory_iterator entries(folder, ignored);
  const auto number = "." + std::to_string(process) + ".";
  return std::any_of(begin(entries), end(entries), [&](const auto& entry) {
    const auto& path = entry.path();
    return path.extension() == ".tmp" && path.string().find(number) != std::string::npos;
  });
}

bool any_leftover(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator entries(folder);
  return std::any_of(begin(entries), end(entries),
                     [](const auto& entry) { return entry.path().extension() == ".tmp"; });
}

pid_t start_child(const std::filesystem::path& folder) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      run(folder);
      _exit(0);
    } catch (...) {
      _exit(3);
    }
  }
  return child;
}

bool ended(pid_t child, int& status) { return waitpid(child, &status, WNOHANG) == child; }

using Clock = std::chrono::steady_clock;

// Waits until the child is to be killed: at once when it writes, or after a while.
void wait_for_moment(pid_t child, const std::filesystem::path& folder, bool in_write,
                     Clock::duration delay) {
  const auto start = Clock::now();
  const auto passed = [&] { return Clock::now() - start; };
  while (kill(child, 0) == 0) {
    if (in_write ? writing(folder, child) : passed() > delay) return;
    if (passed() > std::chrono::seconds(10)) return;
  }
}

TEST(Kill, TwentyTimesAndStillTheSameBits) {
  // A child of a process that computed on several threads would wait for ever for the others, which
  // fork() does not copy.
  const base::ThreadScope one_thread(1);
  const ranklens::testing::TemporaryFolder whole, killed;
  const auto begin = Clock::now();
  const auto expected = run(whole.path());
  ASSERT_EQ(expected.steps, 120);
  // Twenty delays together are shorter than the whole run, on a fast machine as on a slow one.
  const auto longest =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin) / 40;
  base::Stream random(7, "test");
  int kills = 0, inside_a_write = 0;
  for (int status = 0; kills < 20; ++kills) {
    const pid_t child = start_child(killed.path());
    ASSERT_GT(child, 0);
    wait_for_moment(
        child, killed.path(), kills % 2 == 0,
        std::chrono::microseconds(random.below(static_cast<std::uint64_t>(longest.count()))));
    ASSERT_FALSE(ended(child, status)) << "ended before it was killed " << kills << " times";
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    inside_a_write += writing(killed.path(), child) ? 1 : 0;
  }
  EXPECT_GE(inside_a_write, 3);
  const auto result = run(killed.path());
  EXPECT_EQ(result.ending, FitResult::Ending::finished);
  EXPECT_TRUE(same_state(result.last.state, expected.last.state));
  EXPECT_TRUE(same_state(result.best.state, expected.best.state));
  EXPECT_EQ(result.best_epoch, expected.best_epoch);
  ASSERT_EQ(result.history.size(), expected.history.size());
  for (std::size_t k = 0; k < result.history.size(); ++k) {
    EXPECT_EQ(result.history[k].loss, expected.history[k].loss);
    EXPECT_EQ(result.history[k].validation_accuracy, expected.history[k].validation_accuracy);
  }
  EXPECT_FALSE(any_leftover(killed.path()));
}

}  // namespace
}  // namespace ranklens::train
