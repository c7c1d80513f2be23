#include "ranklens/base/memory.h"

#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::base {
namespace {

using ranklens::testing::expect_error;

TEST(Memory, BytesAreReadable) {
  EXPECT_EQ(readable_bytes(0), "0 bytes");
  EXPECT_EQ(readable_bytes(999), "999 bytes");
  EXPECT_EQ(readable_bytes(1000), "1.0 kB");
  EXPECT_EQ(readable_bytes(25.2e9), "25 GB");
  EXPECT_EQ(readable_bytes(999.6e6), "1.0 GB");
  EXPECT_EQ(readable_bytes(2.2e12), "2.2 TB");
  EXPECT_EQ(readable_bytes(7e18), "7000 PB");
}

TEST(Memory, WhatNoMachineHoldsIsOneSentence) {
  expect_error([] { require_memory(1e18, "a network of 9 numbers"); },
               "a network of 9 numbers takes 1000 PB of memory, and there are ");
  require_memory(1e6, "a network of 9 numbers");
}

/// Bytes of addresses that the process has taken.
std::int64_t taken() {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

TEST(Memory, ALimitOfTheProcessCounts) {
  const auto machine = memory_there_is();
  ASSERT_TRUE(machine);
  EXPECT_GT(*machine, std::int64_t{1} << 28);
  const auto less = *machine - 4096;
  if (taken() > less / 2) GTEST_SKIP() << "this process has taken too many addresses to limit them";
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit lower = before;
  lower.rlim_cur = static_cast<rlim_t>(less);
  ASSERT_EQ(setrlimit(RLIMIT_AS, &lower), 0);
  const auto found = memory_there_is();
  ASSERT_EQ(setrlimit(RLIMIT_AS, &before), 0);
  EXPECT_EQ(found, less);
}

}  // namespace
}  // namespace ranklens::base
