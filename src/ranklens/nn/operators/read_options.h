#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"

namespace ranklens::nn {

/// Reads an operator's options from a file's JSON: every key must be known and of the right type.
class OptionReader {
 public:
  OptionReader(std::string kind, const nlohmann::json& options)
      : kind_(std::move(kind)), options_(options) {
    base::require(options.is_object(), "the options of a '{}' node are not an object", kind_);
  }

  template <class T>
  OptionReader& read(const char* key, T& value) {
    known_.emplace_back(key);
    const auto found = options_.find(key);
    if (found == options_.end()) return *this;
    try {
      value = found->template get<T>();
    } catch (const nlohmann::json::exception&) {
      base::fail("option '{}' of a '{}' node has a value of the wrong type: {}", key, kind_,
                 found->dump());
    }
    return *this;
  }

  /// To be called last: an unknown key is an Error that names the nearest.
  void finish() const {
    for (const auto& [key, value] : options_.items()) {
      const bool known = std::find(known_.begin(), known_.end(), key) != known_.end();
      base::require(known, "a '{}' node has no option '{}'{}", kind_, key,
                    base::nearest_hint(key, known_));
    }
  }

 private:
  std::string kind_;
  const nlohmann::json& options_;
  std::vector<std::string> known_;
};

}  // namespace ranklens::nn
