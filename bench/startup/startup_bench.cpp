#include <chrono>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <benchmark/benchmark.h>

namespace {

/// Runs a program with its output thrown away, and waits for it.
void run(const char* program, const char* argument) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  std::string name = program;
  std::string first = argument;
  char* arguments[] = {name.data(), first.data(), nullptr};
  pid_t child = 0;
  int status = 0;
  const bool started = posix_spawn(&child, program, &actions, nullptr, arguments, environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  if (!started || waitpid(child, &status, 0) != child || status != 0) {
    throw std::runtime_error(std::string(program) + " failed");
  }
}

// In turn, so that a machine whose speed drifts does not favour one of them.
void help_above_empty(benchmark::State& state) {
  double above = 0;
  for (auto _ : state) {
    const auto time = [](const char* program, const char* argument) {
      const auto begin = std::chrono::steady_clock::now();
      run(program, argument);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    const double empty = time(EMPTY_BINARY, "");
    const double help = time(RANKLENS_BINARY, "--help");
    state.SetIterationTime(help);
    above += help - empty;
  }
  state.counters["ms_above_empty"] = 1e3 * above / static_cast<double>(state.iterations());
}
BENCHMARK(help_above_empty)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(10);

}  // namespace
