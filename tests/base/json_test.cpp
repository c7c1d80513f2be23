#include "ranklens/base/json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

using testing::expect_error;

TEST(Json, FileRoundTrip) {
  const testing::TemporaryFolder folder;
  const nlohmann::json value = {{"b", {1, 2.5, nullptr}}, {"a", "text"}};
  write_json(folder / "x.json", value);
  EXPECT_EQ(read_json(folder / "x.json"), value);
  EXPECT_EQ(read_file(folder / "x.json").back(), '\n');
}

TEST(Json, ErrorsNamePlaceAndText) {
  expect_error([] { parse_json("{\"a\": 1,\n \"b\" 2}", "'run.json'"); },
               "'run.json' is no valid JSON: line 2, column");
  expect_error([] { parse_json("", "'run.json'"); }, "'run.json' is no valid JSON");
  expect_error([] { parse_json("{} x", "'run.json'"); }, "no valid JSON");
  expect_error([] { parse_json("\"\xff\"", "'run.json'"); }, "no valid JSON");
  expect_error([] { parse_json("1e999", "'run.json'"); }, "no valid JSON");
}

TEST(Json, KeysOnlyOnce) {
  expect_error([] { parse_json(R"({"a": {"x": 1}, "b": {"x": 1, "y": 2, "x": 3}})", "'f'"); },
               "'f' gives the key 'x' twice");
}

TEST(Json, DepthIsLimited) {
  EXPECT_NO_THROW(parse_json(std::string(150, '[') + std::string(150, ']'), "'f'"));
  expect_error([] { parse_json(std::string(100'000, '['), "'f'"); }, "nested deeper than 200");
}

}  // namespace
}  // namespace ranklens::base
