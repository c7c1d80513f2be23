#include "ranklens/study/lease.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <new>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

using ranklens::testing::TemporaryFolder;
using namespace std::chrono_literals;

constexpr Lease::Options kPatient{.heartbeat = 0.05, .stale = 1000};

/// Numbers that child processes share with the test.
struct Shared {
  std::atomic<int> ready{0}, winners{0}, inside{0}, most_inside{0}, rounds{0};
  std::atomic<bool> go{false};
};

Shared& shared() {
  void* memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *new (memory) Shared;
}

pid_t in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  return child;
}

int status_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

template <class Condition>
bool comes_true(Condition&& condition) {
  for (int k = 0; k < 2000; ++k, std::this_thread::sleep_for(5ms))
    if (condition()) return true;
  return false;
}

/// Leaves a lease whose holder died without giving it back.
void die_holding(const std::filesystem::path& name) {
  const auto child = in_child([&] { return Lease::acquire(name, kPatient).release() ? 0 : 1; });
  ASSERT_EQ(status_of(child), 0);
}

/// A term of another machine, whose last sign of life is `age` old.
void put_foreign_term(const std::filesystem::path& name, std::chrono::seconds age) {
  const auto file = name.string() + ".1";
  std::ofstream(file) << "another-machine 1 7-1\n";
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - age);
}

TEST(Lease, OneHolderAtATime) {
  const TemporaryFolder folder;
  const auto name = folder / "claims" / "dense-s1";
  auto first = Lease::acquire(name, kPatient);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->held());
  EXPECT_FALSE(Lease::acquire(name, kPatient));
  EXPECT_TRUE(Lease::acquire(folder / "claims" / "dense-s11", kPatient));
  EXPECT_TRUE(first->held());
  first.reset();
  const auto second = Lease::acquire(name, kPatient);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->held());
}

TEST(Lease, OneOfTwoThreads) {
  const TemporaryFolder folder;
  for (int round = 0; round < 50; ++round) {
    const auto name = folder / std::to_string(round);
    std::unique_ptr<Lease> one, other;
    std::thread beside([&] { other = Lease::acquire(name, kPatient); });
    one = Lease::acquire(name, kPatient);
    beside.join();
    EXPECT_EQ((one != nullptr) + (other != nullptr), 1);
  }
}

TEST(Lease, OfADeadProcessIsTakenOverAtOnce) {
  const TemporaryFolder folder;
  die_holding(folder / "cell");
  const auto lease = Lease::acquire(folder / "cell", kPatient);
  ASSERT_TRUE(lease);
  EXPECT_TRUE(lease->held());
}

TEST(Lease, OfAnotherMachineIsTakenOverWithoutASignOfLife) {
  const TemporaryFolder folder;
  put_foreign_term(folder / "alive", 10s);
  EXPECT_FALSE(Lease::acquire(folder / "alive", {.heartbeat = 1, .stale = 30}));
  put_foreign_term(folder / "dead", 40s);
  EXPECT_TRUE(Lease::acquire(folder / "dead", {.heartbeat = 1, .stale = 30}));
}

// A process number says nothing about a process in another container, nor after a new start of the
// machine, though the host's name be the same.
TEST(Lease, OfAnotherSpaceOfProcessesIsLeftToItsHeartbeat) {
  const TemporaryFolder folder;
  const auto name = folder / "cell";
  const auto file = name.string() + ".1";
  die_holding(name);
  std::string host, pid, number, space;
  std::ifstream(file) >> host >> pid >> number >> space;
  ASSERT_FALSE(space.empty());
  for (const std::string& other : {space + "0", std::string(), "0" + space}) {
    std::ofstream(file) << host << ' ' << pid << ' ' << number << ' ' << other << '\n';
    EXPECT_FALSE(Lease::acquire(name, kPatient)) << other;
  }
  std::ofstream(file) << host << ' ' << pid << ' ' << number << ' ' << space << '\n';
  EXPECT_TRUE(Lease::acquire(name, kPatient));
}

TEST(Lease, TheHeartbeatKeepsIt) {
  const TemporaryFolder folder;
  const Lease::Options quick{.heartbeat = 0.02, .stale = 2};
  const auto lease = Lease::acquire(folder / "cell", quick);
  const auto file = (folder / "cell").string() + ".1";
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - 1h);
  ASSERT_TRUE(comes_true([&] {
    return std::filesystem::file_time_type::clock::now() - std::filesystem::last_write_time(file) <
           1s;
  }));
  EXPECT_FALSE(Lease::acquire(folder / "cell", quick));
}

TEST(Lease, AStoppedHolderLosesItAndKnows) {
  const TemporaryFolder folder;
  auto& numbers = shared();
  const auto holder = in_child([&] {
    const auto lease = Lease::acquire(folder / "cell", {.heartbeat = 0.05, .stale = 1});
    if (!lease || !lease->held()) return 1;
    numbers.ready = 1;
    while (!numbers.go) std::this_thread::sleep_for(1ms);
    return lease->held() ? 2 : 0;
  });
  ASSERT_TRUE(comes_true([&] { return numbers.ready == 1; }));
  ::kill(holder, SIGSTOP);
  std::unique_ptr<Lease> lease;
  EXPECT_TRUE(comes_true([&] {
    lease = Lease::acquire(folder / "cell", {.heartbeat = 0.05, .stale = 1});
    return lease != nullptr;
  }));
  numbers.go = true;
  ::kill(holder, SIGCONT);
  EXPECT_EQ(status_of(holder), 0);
  EXPECT_TRUE(lease->held()) << "the former holder must not take it away at its end";
}

TEST(Lease, OfManyThatSeeADeadHolderExactlyOneWins) {
  for (int round = 0; round < 40; ++round) {
    const TemporaryFolder folder;
    auto& numbers = shared();
    die_holding(folder / "cell");
    std::vector<pid_t> children;
    for (int k = 0; k < 8; ++k) {
      children.push_back(in_child([&] {
        ++numbers.ready;
        while (!numbers.go) ::usleep(50);
        std::unique_ptr<Lease> lease;
        // Some look once, some again and again, while others are in the middle of taking it.
        for (int n = 0; n < 20 && !lease; ++n) lease = Lease::acquire(folder / "cell", kPatient);
        numbers.winners += lease ? 1 : 0;
        ++numbers.rounds;
        while (numbers.rounds < 8) ::usleep(100);
        return lease && !lease->held() ? 1 : 0;
      }));
    }
    ASSERT_TRUE(comes_true([&] { return numbers.ready == 8; }));
    numbers.go = true;
    for (const auto child : children) EXPECT_EQ(status_of(child), 0);
    ASSERT_EQ(numbers.winners, 1) << "in round " << round;
  }
}

TEST(Lease, NeverTwoInsideThoughHoldersDie) {
  const TemporaryFolder folder;
  auto& numbers = shared();
  const auto work = [&](int child) {
    for (int k = 0; numbers.rounds < 200; ++k) {
      auto lease = Lease::acquire(folder / "cell", kPatient);
      if (!lease) continue;
      const int inside = ++numbers.inside;
      if (inside > numbers.most_inside) numbers.most_inside = inside;
      if (!lease->held()) return 1;
      ::usleep(50);
      --numbers.inside;
      ++numbers.rounds;
      if ((k + child) % 3 == 0) {
        lease.release();  // dies without giving it back
        return 0;
      }
    }
    return 0;
  };
  for (int k = 0; k < 6; ++k) in_child([&, k] { return work(k); });
  // Another one for each that dies, which is gone only once it has been waited for.
  int status = 0;
  for (int k = 6; ::waitpid(-1, &status, 0) > 0; ++k) {
    EXPECT_EQ(status, 0);
    if (numbers.rounds < 200) in_child([&, k] { return work(k); });
  }
  EXPECT_EQ(numbers.most_inside, 1);
}

TEST(Lease, AFolderThatCannotBeWrittenToIsSaid) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "in the way";
  ranklens::testing::expect_error<base::SystemError>(
      [&] { Lease::acquire(folder / "file" / "cell", kPatient); }, "cannot write");
}

}  // namespace
}  // namespace ranklens::study
