#include "ranklens/study/lease.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/base/leftovers.h"
#include "ranklens/study/draft.h"

namespace ranklens::study {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFree = "free";

/// "host pid number space": who holds it, and which of their leases it is.
std::string make_token() {
  static std::atomic<std::uint64_t> count{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return fmt::format("{} {} {}-{} {}", base::host_name(), ::getpid(), now, ++count,
                     process_space());
}

fs::path term_path(const fs::path& name, std::int64_t term) {
  return name.string() + "." + std::to_string(term);
}

/// The number of the last term; 0 where there was none.
std::int64_t last_term(const fs::path& name) {
  std::error_code ignored;
  std::int64_t term = 0;
  while (fs::exists(term_path(name, term + 1), ignored)) ++term;
  return term;
}

std::optional<std::string> read_token(const fs::path& file) {
  std::ifstream in(file);
  if (!in) return std::nullopt;
  std::string line;
  std::getline(in, line);
  return line;
}

/// Known only of a holder whose process number can be looked up here; of any other, its heartbeat
/// decides.
bool process_is_gone(const std::string& token) {
  std::istringstream words(token);
  std::string host, number, space;
  long pid = 0;
  return words >> host >> pid >> number >> space && host == base::host_name() &&
         space == process_space() && pid > 0 && ::kill(static_cast<pid_t>(pid), 0) != 0 &&
         errno == ESRCH;
}

/// Whether the last term, that of `file`, is over.
bool ended(const fs::path& file, fs::file_time_type now, double stale) {
  const auto token = read_token(file);
  if (!token) return false;
  if (*token == kFree || process_is_gone(*token)) return true;
  std::error_code error;
  const auto beat = fs::last_write_time(file, error);
  return !error && std::chrono::duration<double>(now - beat).count() > stale;
}

}  // namespace

std::unique_ptr<Lease> Lease::acquire(const fs::path& name, const Options& options) {
  std::error_code error;
  fs::create_directories(name.parent_path(), error);
  sweep_drafts(name.parent_path());
  auto token = make_token();
  const Draft draft(name, token);
  const auto now = draft.time();
  const auto last = last_term(name);
  if (!now || (last > 0 && !ended(term_path(name, last), *now, options.stale))) return nullptr;
  const auto mine = term_path(name, last + 1);
  if (::link(draft.path().c_str(), mine.c_str()) == 0)
    return std::unique_ptr<Lease>(new Lease(name, last + 1, std::move(token), options));
  if (errno == EEXIST || errno == ENOENT) return nullptr;  // taken; or the draft was swept away
  throw base::SystemError(fmt::format("cannot claim '{}': {}", mine.string(), strerror(errno)));
}

Lease::Lease(fs::path name, std::int64_t term, std::string token, const Options& options)
    : name_(std::move(name)),
      term_(term),
      token_(std::move(token)),
      heart_([this, seconds = options.heartbeat] { beat(seconds); }) {}

Lease::~Lease() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  heart_.join();
  if (!held()) return;
  try {
    // Should another process begin the next term just now, a mark on this one does no harm.
    const Draft draft(name_, kFree);
    ::rename(draft.path().c_str(), term_path(name_, term_).c_str());
  } catch (const base::Error&) {  // NOLINT(bugprone-empty-catch): a mark is not needed
    // Without it, the lease is free when this process ends or its heartbeat is stale.
  }
}

bool Lease::held() const {
  std::error_code ignored;
  return !fs::exists(term_path(name_, term_ + 1), ignored) &&
         read_token(term_path(name_, term_)) == token_;
}

void Lease::beat(double seconds) {
  const auto file = term_path(name_, term_);
  std::unique_lock lock(mutex_);
  // No time given: the file system's clock, not this machine's.
  while (!wake_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return stop_; }))
    ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
}

}  // namespace ranklens::study
