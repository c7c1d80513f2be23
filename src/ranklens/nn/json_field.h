#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"

namespace ranklens::nn {

/// A field of an object read from a file; Error, beginning with `where`, if it is missing or of the
/// wrong type.
inline const nlohmann::json& raw_field(const nlohmann::json& object, const char* key,
                                       const std::string& where) {
  base::require(object.is_object(), "{} is no object", where);
  const auto found = object.find(key);
  base::require(found != object.end(), "{} has no '{}'", where, key);
  return *found;
}

template <class T>
T field(const nlohmann::json& object, const char* key, const std::string& where) {
  const auto& value = raw_field(object, key, where);
  try {
    return value.get<T>();
  } catch (const nlohmann::json::exception&) {
    base::fail("{} has a '{}' of the wrong type", where, key);
  }
}

inline const nlohmann::json& list_field(const nlohmann::json& object, const char* key,
                                        const std::string& where) {
  const auto& value = raw_field(object, key, where);
  base::require(value.is_array(), "{} has a '{}' that is no list", where, key);
  return value;
}

}  // namespace ranklens::nn
