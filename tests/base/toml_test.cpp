#include "ranklens/base/toml.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

using testing::expect_error;

TEST(Toml, BecomesJsonOfTheSameShape) {
  const testing::TemporaryFolder folder;
  write_file(folder / "x.toml",
             "arms = ['dense', \"tt\"]\nday = 2022-11-13\n[train]\nepochs = 12\nrate = 1e-3\n"
             "clip = false\n[[stage]]\nname = 'a'\n[[stage]]\nname = 'b'\n");
  EXPECT_EQ(read_toml(folder / "x.toml"),
            nlohmann::json::parse(R"({"arms": ["dense", "tt"], "day": "2022-11-13",
              "train": {"epochs": 12, "rate": 0.001, "clip": false},
              "stage": [{"name": "a"}, {"name": "b"}]})"));
  EXPECT_EQ(parse_toml("", "'x'"), nlohmann::json::object());
}

TEST(Toml, ErrorsNameTheLine) {
  expect_error([] { parse_toml("a = 1\nb = \n", "'study.toml'"); }, "'study.toml', line 2: ");
  expect_error([] { parse_toml("a = 1\n\na = 2\n", "'study.toml'"); }, "'study.toml', line 3: ");
  expect_error([] { parse_toml("a = 1\nb = [1, nan]\n", "'study.toml'"); },
               "'study.toml', line 2: a number must be finite");
  expect_error([] { parse_toml(std::string(10'000, '[') + "\n", "'x'"); }, "'x', line 1");
  expect_error([] { parse_toml("a = " + std::string(10'000, '['), "'x'"); }, "'x', line 1");
}

}  // namespace
}  // namespace ranklens::base
