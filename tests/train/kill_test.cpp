// Killed at any moment and taken up again, a run ends with the same bits.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"
#include "ranklens/base/safetensors.h"
#include "ranklens/base/threads.h"
#include "ranklens/train/checkpoint.h"

#include "testing/temporary_folder.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

struct KilledRun {
  std::string name;
  nn::Network (*network)();
  std::string optimiser;
  /// That are written beside themselves and renamed: at each checkpoint, or (steps.jsonl, which
  /// grows in place) when the run is taken up.
  std::vector<std::string> files;
  /// Where ranks are found on the way: what the checkpoint in the folder holds before the end.
  void (*expect_on_the_way)(const std::filesystem::path& folder, const nn::Network& start,
                            const nn::Network& end) = nullptr;
};

void PrintTo(const KilledRun& one, std::ostream* out) { *out << one.optimiser; }

std::int64_t columns_of_first(const nn::Network& network, const std::string& layer) {
  return network.state.at(layer).weight->factors().front().tensor.size(-1);
}

// The checkpoint is of ranks that are neither the network's at its start nor at its end, with
// moments of as many columns.
void expect_falling_ranks(const std::filesystem::path& folder, const nn::Network& start,
                          const nn::Network& end) {
  const auto kept = base::read_safetensors(checkpoint_path(folder)).tensors;
  for (const std::string layer : {"fc1.weight", "fc2.weight"}) {
    const auto rank = kept.at("state/" + layer + ".U").size(1);
    EXPECT_NE(rank, columns_of_first(start, layer)) << layer;
    EXPECT_GT(rank, columns_of_first(end, layer)) << layer;
    EXPECT_EQ(kept.at("optimiser/tangent:" + layer + "/k").size(1), rank);
    EXPECT_GT(kept.at("optimiser/tangent:" + layer + "/second").item<double>(), 0);
  }
}

// Bonds grow, and the checkpoint has both moments of every train.
void expect_growing_bonds(const std::filesystem::path& folder, const nn::Network& start,
                          const nn::Network& end) {
  const auto kept = base::read_safetensors(checkpoint_path(folder)).tensors;
  for (const std::string layer : {"fc1.weight", "fc2.weight"}) {
    EXPECT_GT(columns_of_first(end, layer), columns_of_first(start, layer)) << layer;
    const auto memory = "optimiser/train:" + layer;
    EXPECT_GT(kept.at(memory + "/momentum.0").abs().max().item<double>(), 0) << layer;
    EXPECT_GT(kept.at(memory + "/second").item<double>(), 0) << layer;
  }
}

const std::vector<KilledRun> kKilledRuns{
    {.name = "sgd",
     .network = [] { return tiny_network(); },
     .optimiser = "sgd(lr=0.05,momentum=0.9)",
     .files = {"checkpoint.safetensors", "metrics.jsonl"}},
    // Ranks rise in the first of the 120 steps and fall until the hundredth.
    {.name = "bug",
     .network = [] { return low_rank_network(); },
     .optimiser = "bug(lr=0.05,tau=0.01,tau_end=0.6,over=100)",
     .files = {"checkpoint.safetensors", "metrics.jsonl", "steps.jsonl"},
     .expect_on_the_way = expect_falling_ranks},
    // Bonds of three gain one in every third step until they have six.
    {.name = "riemannian_adam",
     .network = [] { return low_rank_network("tt(r=3)"); },
     .optimiser = "riemannian_adam(lr=5e-3,grow=1,cap=6,every=3)",
     .files = {"checkpoint.safetensors", "metrics.jsonl", "steps.jsonl"},
     .expect_on_the_way = expect_growing_bonds}};

FitOptions options_in(const std::filesystem::path& folder, const std::string& optimiser) {
  // A checkpoint after each step: a good part of the time is spent writing them.
  return {.epochs = 30,
          .batch = 16,
          .optimiser = optimiser,
          .schedule = "cosine(warmup=1)",
          .seed = 3,
          .augment = {.crop = 1},
          .folder = folder,
          .checkpoint_steps = 1};
}

FitResult run(const KilledRun& one, const std::filesystem::path& folder) {
  return fit(one.network(), tiny_data(64, 1), tiny_data(32, 2), options_in(folder, one.optimiser));
}

// Whether the process is, or was when it was killed, in the middle of writing the file: its number
// is in the name (".checkpoint.safetensors.4711.3.tmp"). Other processes left others.
bool writing(const std::filesystem::path& folder, pid_t process, const std::string& file) {
  std::error_code ignored;
  const std::filesystem::directory_iterator entries(folder, ignored);
  const auto beginning = fmt::format(".{}.{}.", file, process);
  return std::any_of(begin(entries), end(entries), [&](const auto& entry) {
    const auto& path = entry.path();
    return path.extension() == ".tmp" && path.filename().string().starts_with(beginning);
  });
}

bool any_leftover(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator entries(folder);
  return std::any_of(begin(entries), end(entries),
                     [](const auto& entry) { return entry.path().extension() == ".tmp"; });
}

pid_t start_child(const KilledRun& one, const std::filesystem::path& folder) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      run(one, folder);
      _exit(0);
    } catch (...) {
      _exit(3);
    }
  }
  return child;
}

bool ended(pid_t child, int& status) { return waitpid(child, &status, WNOHANG) == child; }

using Clock = std::chrono::steady_clock;

// Waits until the child is to be killed: at once when it writes the file, or after a while, where
// none is named or the moment was missed, as it is on a busy machine.
void wait_for_moment(pid_t child, const std::filesystem::path& folder, const std::string& file,
                     Clock::duration delay) {
  const auto start = Clock::now();
  const auto passed = [&] { return Clock::now() - start; };
  while (kill(child, 0) == 0) {
    if (passed() > delay || (!file.empty() && writing(folder, child, file))) return;
  }
}

class Kill : public ::testing::TestWithParam<KilledRun> {};

INSTANTIATE_TEST_SUITE_P(Training, Kill, ::testing::ValuesIn(kKilledRuns),
                         [](const ::testing::TestParamInfo<KilledRun>& given) {
                           return given.param.name;
                         });

TEST_P(Kill, TwentyTimesAndStillTheSameBits) {
  // A child of a process that computed on several threads would wait for ever for the others, which
  // fork() does not copy.
  const base::ThreadScope one_thread(1);
  const ranklens::testing::TemporaryFolder whole, killed;
  const auto begin = Clock::now();
  const auto expected = run(GetParam(), whole.path());
  ASSERT_EQ(expected.steps, 120);
  // Twenty delays together are shorter than the whole run, on a fast machine as on a slow one, and
  // so are those of the few moments that are missed.
  const auto longest =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin) / 40;
  base::Stream random(7, "test");
  const auto& files = GetParam().files;
  std::size_t kills = 0, inside_a_write = 0;
  for (int status = 0; kills < 20; ++kills) {
    const pid_t child = start_child(GetParam(), killed.path());
    ASSERT_GT(child, 0);
    const auto file = kills % 2 == 0 ? files[kills / 2 % files.size()] : "";
    const std::chrono::microseconds delay(
        random.below(static_cast<std::uint64_t>(longest.count())));
    wait_for_moment(child, killed.path(), file, file.empty() ? delay : 5 * longest);
    ASSERT_FALSE(ended(child, status)) << "ended before it was killed " << kills << " times";
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    inside_a_write += !file.empty() && writing(killed.path(), child, file) ? 1 : 0;
  }
  EXPECT_GE(inside_a_write, 3U);
  ASSERT_TRUE(std::filesystem::exists(checkpoint_path(killed.path())));
  const bool finds_ranks = GetParam().expect_on_the_way != nullptr;
  if (finds_ranks) {
    GetParam().expect_on_the_way(killed.path(), GetParam().network(), expected.last);
  }
  const auto result = run(GetParam(), killed.path());
  EXPECT_EQ(result.ending, FitResult::Ending::finished);
  EXPECT_TRUE(same_state(result.last.state, expected.last.state));
  EXPECT_TRUE(same_state(result.best.state, expected.best.state));
  EXPECT_EQ(result.best_epoch, expected.best_epoch);
  ASSERT_EQ(result.history.size(), expected.history.size());
  for (std::size_t k = 0; k < result.history.size(); ++k) {
    EXPECT_EQ(result.history[k].loss, expected.history[k].loss);
    EXPECT_EQ(result.history[k].validation_accuracy, expected.history[k].validation_accuracy);
    EXPECT_EQ(result.history[k].observed, expected.history[k].observed);
  }
  // Of each step one line, also of those that were done again.
  if (finds_ranks) {
    EXPECT_EQ(base::read_file(killed / "steps.jsonl"), base::read_file(whole / "steps.jsonl"));
  }
  EXPECT_FALSE(any_leftover(killed.path()));
}

}  // namespace
}  // namespace ranklens::train
