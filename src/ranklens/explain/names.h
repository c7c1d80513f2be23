#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/base/error.h"

/// Enumerations by name, for the command line and for files.
namespace ranklens::explain {

template <class Value>
struct Name {
  std::string_view name;
  Value value;
};

template <class Value, std::size_t size>
std::string_view name_of(const Name<Value> (&table)[size], Value value) {
  for (const auto& entry : table) {
    if (entry.value == value) return entry.name;
  }
  base::fail("an option has a value without a name");
}

/// Error "'maximum' is no WHAT; nearest: 'max'" for a name that is not in the table.
template <class Value, std::size_t size>
Value value_of(const Name<Value> (&table)[size], std::string_view name, std::string_view what) {
  std::vector<std::string> names;
  for (const auto& entry : table) {
    if (entry.name == name) return entry.value;
    names.emplace_back(entry.name);
  }
  base::fail("'{}' is no {}{}", name, what, base::nearest_hint(name, names));
}

}  // namespace ranklens::explain
