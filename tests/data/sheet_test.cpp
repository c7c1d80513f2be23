#include "ranklens/data/sheet.h"

#include <array>
#include <string>

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"
#include "ranklens/data/glyphs.h"
#include "ranklens/data/scenes/figures.h"

#include "paths.h"
#include "testing/expect_error.h"

namespace ranklens::data {
namespace {

using testing::expect_error;

// Two classes; one grey image of value 10 (class b) and two of value 200 (class a).
Dataset few() {
  Dataset data;
  data.images = at::full({3, 1, 4, 5}, 200, at::kByte);
  data.images[0].fill_(10);
  data.labels = at::tensor({1, 0, 0}, at::kLong);
  data.masks = at::zeros({3, 4, 5}, at::kByte);
  data.masks.narrow(1, 1, 3).narrow(2, 1, 3).fill_(1);
  data.classes = {"a", "b"};
  return data;
}

std::array<int, 3> pixel(const base::Image& image, int y, int x) {
  const auto* at = &image.pixels[static_cast<std::size_t>((y * image.width + x) * 3)];
  return {at[0], at[1], at[2]};
}

TEST(Sheet, HasARowForEachClass) {
  const base::Image sheet = contact_sheet(few(), {.columns = 3, .scale = 4});
  // Names take 2 letters' room of 12; cells are 16 x 20 with gaps of 2.
  ASSERT_EQ(sheet.height, 2 + 2 * 18);
  ASSERT_EQ(sheet.width, 2 + 24 + 3 * 22);
  EXPECT_EQ(pixel(sheet, 2, 26), (std::array{200, 200, 200}));
  EXPECT_EQ(pixel(sheet, 17, 26 + 22 + 19), (std::array{200, 200, 200}));  // second of class a
  EXPECT_EQ(pixel(sheet, 20, 26), (std::array{10, 10, 10}));
  EXPECT_EQ(pixel(sheet, 20, 26 + 22), (std::array{255, 255, 255}));  // b has but one
  EXPECT_EQ(pixel(sheet, 18, 30), (std::array{255, 255, 255}));       // the gap
}

TEST(Sheet, OutlinesTheMaskFromInside) {
  const base::Image sheet = contact_sheet(few(), {.columns = 1, .scale = 4, .outline = true});
  const std::array magenta{255, 0, 200}, plain{200, 200, 200};
  const int top = 2, left = 26;
  EXPECT_EQ(pixel(sheet, top + 4, left + 4), magenta);   // the corner of the mask
  EXPECT_EQ(pixel(sheet, top + 9, left + 15), magenta);  // its right border
  EXPECT_EQ(pixel(sheet, top + 15, left + 9), magenta);  // at the picture's edge
  EXPECT_EQ(pixel(sheet, top + 9, left + 9), plain);     // inside
  EXPECT_EQ(pixel(sheet, top + 3, left + 4), plain);     // outside
}

TEST(Sheet, TooLargeIsRefused) {
  expect_error([] { contact_sheet(few(), {.columns = 100'000, .scale = 100}); }, "too large");
  expect_error([] { contact_sheet(few(), {.columns = 0}); }, "at least one column");
}

TEST(Glyphs, LettersOfBothSizesAreOne) {
  EXPECT_EQ(glyph('a'), glyph('A'));
  EXPECT_EQ(glyph('T')[0], 0x1F);  // its bar
  EXPECT_EQ(glyph('9')[6], 0x0C);
  EXPECT_EQ(glyph('~'), glyph('\xff'));
  EXPECT_NE(glyph('~'), glyph(' '));
}

// The page in docs is written by the program; here it only must not fall behind the classes.
TEST(ScenesPage, NamesEveryClass) {
  const std::string page = base::read_file(RANKLENS_SOURCE_DIR "/docs/scenes.md");
  for (const auto& figure : scenes::figures()) {
    EXPECT_NE(page.find("| " + figure.name + " | " + figure.description + " |"), std::string::npos)
        << figure.name;
  }
}

}  // namespace
}  // namespace ranklens::data
