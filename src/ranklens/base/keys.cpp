#include "ranklens/base/keys.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"

namespace ranklens::base {

void check_keys(const nlohmann::json& object, const std::vector<std::string>& known,
                std::string_view where) {
  require(object.is_object(), "{} is no table of keys and values but a {}", where,
          object.type_name());
  for (const auto& [key, value] : object.items()) {
    require(std::find(known.begin(), known.end(), key) != known.end(),
            "{}: the key '{}' does not exist{}", where, key, nearest_hint(key, known));
  }
}

}  // namespace ranklens::base
