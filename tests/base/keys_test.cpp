#include "ranklens/base/keys.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "testing/expect_error.h"

namespace ranklens::base {
namespace {

TEST(CheckKeys, SuggestsTheNearestName) {
  const nlohmann::json table = {{"epochs", 3}, {"sed", 1}};
  EXPECT_NO_THROW(check_keys(table, {"epochs", "sed"}, "'study.toml'"));
  testing::expect_error([&] { check_keys(table, {"epochs", "seed"}, "'study.toml', [train]"); },
                        "'study.toml', [train]: the key 'sed' does not exist; nearest: 'seed'");
  testing::expect_error([] { check_keys(nlohmann::json(3), {}, "'x'"); }, "no table");
}

}  // namespace
}  // namespace ranklens::base
