#include "ranklens/base/parallel.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "ranklens/base/threads.h"

namespace ranklens::base {
namespace {

/// The threads that had a part of `count` items.
std::set<std::thread::id> threads_of(std::int64_t count, std::int64_t grain) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  parallel_over(count, grain, [&](std::int64_t, std::int64_t) {
    const std::lock_guard lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  return seen;
}

TEST(ParallelOver, VisitsEveryItemOnce) {
  const ThreadScope scope(3);
  for (const std::int64_t count : {0, 1, 2, 3, 100, 101}) {
    std::vector<int> visits(static_cast<std::size_t>(count));
    parallel_over(count, 1, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
    });
    EXPECT_EQ(std::count(visits.begin(), visits.end(), 1), count);
  }
}

TEST(ParallelOver, UsesTheThreadsThereAre) {
  {
    const ThreadScope scope(3);
    EXPECT_EQ(threads_of(100, 1).size(), 3U);
    EXPECT_EQ(threads_of(100, 50).size(), 2U);
    EXPECT_EQ(threads_of(100, 100).size(), 1U);
  }
  const ThreadScope scope(1);
  EXPECT_EQ(threads_of(100, 1).size(), 1U);
}

TEST(ParallelOver, ACallInsideStaysOnItsThread) {
  const ThreadScope scope(2);
  parallel_over(2, 1, [](std::int64_t, std::int64_t) {
    EXPECT_EQ(threads_of(100, 1), std::set{std::this_thread::get_id()});
  });
}

TEST(ParallelOver, AnExceptionReachesTheCaller) {
  const ThreadScope scope(2);
  EXPECT_THROW(
      parallel_over(2, 1, [](std::int64_t, std::int64_t) { throw std::runtime_error("x"); }),
      std::runtime_error);
}

}  // namespace
}  // namespace ranklens::base
