#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace ranklens::base {

/// A fault of the input or of the usage. The message is one sentence for the user: what is wrong,
/// where, and what would be right. The command line prints it and ends with status 2. It stays one
/// line, and harmless to a terminal, whatever names a file brought: control characters become '?'.
class Error : public std::runtime_error {
 public:
  explicit Error(std::string message);
};

/// A fault of the surroundings (disk full, out of memory, a lost process): status 1.
class SystemError : public Error {
 public:
  using Error::Error;
};

/// A number that a network or a map of it gave is infinite or none at all.
class NotFiniteError : public Error {
 public:
  using Error::Error;
};

/// Throws Error with a fmt-formatted message.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws Error with a fmt-formatted message unless `condition` holds.
template <class... Args>
void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) throw Error(fmt::format(format, std::forward<Args>(args)...));
}

/// The candidates closest to `name` by edit distance, best first, at most `most` of them.
std::vector<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates,
                                 std::size_t most = 2);

/// "; nearest: 'conv1', 'conv2'" for the end of a message about an unknown name, or "".
std::string nearest_hint(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace ranklens::base
