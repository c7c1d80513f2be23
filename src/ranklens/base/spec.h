#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ranklens::base {

/// Reads the project's one-line notation: "name" or "name(key=value,key=value)". Ask for every key
/// that the name knows, then call finish(), which refuses keys that nobody asked for.
///
///   SpecReader spec("adam(lr=1e-3)", "optimiser");
///   options.lr = spec.number("lr", options.lr);
///   spec.finish();
class SpecReader {
 public:
  /// `what` names the thing in messages: "optimiser". Error for bad form or a key given twice.
  SpecReader(std::string_view text, std::string_view what);

  const std::string& name() const { return name_; }
  /// Finite numbers within [low, high].
  double number(std::string_view key, double fallback, double low, double high);
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t low,
                       std::int64_t high);
  /// "key=1", "key=true" or the bare "key"; "key=0", "key=false".
  bool flag(std::string_view key, bool fallback);
  std::string text(std::string_view key, std::string_view fallback);
  /// Whether the key is given; counts as asking for it.
  bool has(std::string_view key);
  /// An Error that says why, if a key is given that the name does not have.
  void refuse(std::string_view key, std::string_view reason) const;

  void finish() const;
  /// The keys that were asked for, in that order.
  const std::vector<std::string>& asked() const { return asked_; }

 private:
  const std::string* find(std::string_view key);

  std::string whole_, what_, name_;
  std::vector<std::pair<std::string, std::string>> arguments_;
  std::vector<std::string> asked_;
};

}  // namespace ranklens::base
