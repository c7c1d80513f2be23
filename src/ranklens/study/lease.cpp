#include "ranklens/study/lease.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <unistd.h>

#include <fmt/format.h>

#include "ranklens/base/error.h"

namespace ranklens::study {
namespace {

namespace fs = std::filesystem;

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

/// "host pid number": who holds it, and which of their leases it is.
std::string make_token() {
  static std::atomic<std::uint64_t> count{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return fmt::format("{} {} {}-{}", host_name(), ::getpid(), now, ++count);
}

std::optional<std::string> read_token(const fs::path& file) {
  std::ifstream in(file);
  if (!in) return std::nullopt;
  std::string line;
  std::getline(in, line);
  return line;
}

/// Creates the file with the token in it, unless there is one.
bool create(const fs::path& file, const std::string& token) {
  // A hard link appears with its contents, and only where no file is: no reader sees an empty
  // lease.
  const fs::path draft = file.string() + "." + std::to_string(::getpid()) + ".draft";
  {
    std::ofstream out(draft);
    out << token << '\n';
    out.flush();
    if (!out)
      throw base::SystemError(
          fmt::format("cannot write '{}': {}", draft.string(), std::strerror(errno)));
  }
  const bool created = ::link(draft.c_str(), file.c_str()) == 0;
  const int error = errno;
  ::unlink(draft.c_str());
  if (!created && error != EEXIST) {
    throw base::SystemError(
        fmt::format("cannot claim '{}': {}", file.string(), std::strerror(error)));
  }
  return created;
}

bool holder_is_dead(const fs::path& file, const std::string& token, double stale) {
  std::istringstream words(token);
  std::string host;
  long pid = 0;
  if (words >> host >> pid && host == host_name() && pid > 0)
    return ::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH;
  std::error_code error;
  const auto changed = fs::last_write_time(file, error);
  if (error) return false;
  return std::chrono::duration<double>(fs::file_time_type::clock::now() - changed).count() > stale;
}

}  // namespace

std::unique_ptr<Lease> Lease::acquire(const fs::path& file, const Options& options) {
  fs::create_directories(file.parent_path());
  const auto token = make_token();
  if (!create(file, token)) {
    const auto holder = read_token(file);
    if (!holder || !holder_is_dead(file, *holder, options.stale)) return nullptr;
    // Of several that see the dead holder, the rename succeeds for one.
    const fs::path aside = file.string() + "." + std::to_string(::getpid()) + ".dead";
    if (::rename(file.c_str(), aside.c_str()) != 0) return nullptr;
    const bool same = read_token(aside) == holder;
    if (!same) ::rename(aside.c_str(), file.c_str());  // somebody was faster: that one is alive
    ::unlink(aside.c_str());
    if (!same || !create(file, token)) return nullptr;
  }
  return std::unique_ptr<Lease>(new Lease(file, token, options));
}

Lease::Lease(fs::path file, std::string token, const Options& options)
    : file_(std::move(file)),
      token_(std::move(token)),
      heart_([this, seconds = options.heartbeat] { beat(seconds); }) {}

Lease::~Lease() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  heart_.join();
  if (held()) ::unlink(file_.c_str());
}

bool Lease::held() const { return read_token(file_) == token_; }

void Lease::beat(double seconds) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return stop_; })) {
    std::error_code ignored;
    if (held()) fs::last_write_time(file_, fs::file_time_type::clock::now(), ignored);
  }
}

}  // namespace ranklens::study
