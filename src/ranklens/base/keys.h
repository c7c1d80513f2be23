#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace ranklens::base {

/// Error unless `object` is a JSON object with no key but the known ones; `where` names it in the
/// message:
/// "'study.toml', [train]: the key 'epoch' does not exist; nearest: 'epochs'".
void check_keys(const nlohmann::json& object, const std::vector<std::string>& known,
                std::string_view where);

}  // namespace ranklens::base
