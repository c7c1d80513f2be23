#include "ranklens/base/image.h"

#include <limits>
#include <numeric>

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/files.h"

#include "testing/base64.h"
#include "testing/expect_error.h"
#include "testing/image_files.h"
#include "testing/temporary_folder.h"

namespace ranklens::base {
namespace {

using testing::decode_base64;
using ::testing::ElementsAre;
using testing::expect_error;

Image decode(std::string_view base64) { return decode_image(decode_base64(base64), "'x'"); }

TEST(DecodePng, DepthsPalettesAndTransparency) {
  EXPECT_THAT(decode(testing::kGrey1).pixels, ElementsAre(255, 0, 255));
  EXPECT_EQ(decode(testing::kGrey1).channels, 1);
  // 16 bits to 8: round(v * 255 / 65535).
  EXPECT_THAT(decode(testing::kRgb16).pixels, ElementsAre(0, 255, 100, 0, 1, 128));
  // Alpha a over white: round((v * a + 255 * (255 - a)) / 255).
  EXPECT_THAT(decode(testing::kPaletteAlpha).pixels,
              ElementsAre(10, 20, 30, 227, 177, 127, 0, 0, 0));
  EXPECT_THAT(decode(testing::kGreyAlpha).pixels, ElementsAre(100, 255, 224));
  EXPECT_THAT(decode(testing::kRgba).pixels, ElementsAre(153, 193, 233));
  EXPECT_THAT(decode(testing::kInterlaced).pixels, ElementsAre(10, 20, 30, 40));
}

TEST(DecodeJpeg, ColoursWithinTheLossOfTheFormat) {
  for (const auto file : {testing::kJpeg, testing::kProgressive}) {
    const auto image = decode(file);
    ASSERT_EQ(image.channels, 3);
    ASSERT_EQ(image.pixels.size(), 16U * 16U * 3U);
    for (int y = 0; y < 16; ++y) {
      for (int x = 0; x < 16; ++x) {
        const auto* pixel = &image.pixels[static_cast<std::size_t>(y * 16 + x) * 3];
        EXPECT_NEAR(pixel[0], x * 16, 9);
        EXPECT_NEAR(pixel[1], y * 16, 9);
        EXPECT_NEAR(pixel[2], 255 - 8 * x - 8 * y, 12);
      }
    }
  }
  const auto grey = decode(testing::kGreyJpeg);
  ASSERT_EQ(grey.channels, 1);
  for (int x = 0; x < 16; ++x) EXPECT_NEAR(grey.pixels[static_cast<std::size_t>(x)], 16 * x, 2);
  // Cyan 1, yellow 0.2, black 0.4: green (1 - 0.4) 255, blue (1 - 0.2) (1 - 0.4) 255.
  const auto cmyk = decode(testing::kCmyk);
  ASSERT_EQ(cmyk.channels, 3);
  EXPECT_NEAR(cmyk.pixels[0], 0, 2);
  EXPECT_NEAR(cmyk.pixels[1], 153, 2);
  EXPECT_NEAR(cmyk.pixels[2], 122, 2);
}

TEST(DecodeImage, EveryCutIsNoticed) {
  for (const auto file : {testing::kRgb16, testing::kPaletteAlpha, testing::kInterlaced,
                          testing::kJpeg, testing::kProgressive, testing::kGreyJpeg}) {
    const auto bytes = decode_base64(file);
    const bool jpeg = bytes[0] == '\xff';
    // A JPEG's last two bytes are its end mark: nothing is lost without them.
    for (std::size_t size = 0; size < bytes.size() - (jpeg ? 2 : 0); ++size) {
      EXPECT_THROW(decode_image(std::string_view(bytes).substr(0, size), "'x'"), Error) << size;
    }
  }
  const auto jpeg = decode_base64(testing::kJpeg);
  expect_error([&] { decode_image(jpeg.substr(0, 200), "'x'"); }, "'x' is cut off");
  const auto png = decode_base64(testing::kRgb16);
  expect_error([&] { decode_image(png.substr(0, 60), "'x'"); }, "'x' is cut off");
}

TEST(DecodeImage, BytesAfterTheEndAreRefused) {
  for (const auto file : {testing::kRgb16, testing::kPaletteAlpha, testing::kInterlaced}) {
    expect_error([&] { decode_image(decode_base64(file) + "ab", "'x'"); },
                 "'x' holds 2 bytes after its PNG data");
  }
  for (const auto file :
       {testing::kJpeg, testing::kProgressive, testing::kGreyJpeg, testing::kCmyk}) {
    expect_error([&] { decode_image(decode_base64(file) + "abc", "'x'"); },
                 "'x' holds 3 bytes after its JPEG data");
  }
}

TEST(DecodeImage, ChangedBytesNeverCrash) {
  unsigned random = 1;
  const auto next = [&] { return random = random * 1664525U + 1013904223U; };
  for (const auto file : {testing::kRgb16, testing::kPaletteAlpha, testing::kInterlaced,
                          testing::kJpeg, testing::kProgressive, testing::kCmyk}) {
    for (int trial = 0; trial < 200; ++trial) {
      auto bytes = decode_base64(file);
      for (int k = 0; k < 3; ++k)
        bytes[(next() >> 8U) % bytes.size()] = static_cast<char>(next() >> 24U);
      try {
        decode_image(bytes, "'x'", 1 << 20);
      } catch (const Error& error) {
        EXPECT_STRNE(error.what(), "");
      }
    }
  }
}

TEST(DecodeImage, RefusesOtherFormatsAndHugeSizes) {
  expect_error([] { decode_image("GIF89a", "'x.gif'"); }, "'x.gif' is neither a PNG nor a JPEG");
  expect_error([] { decode_image("", "'x'"); }, "neither");
  auto bytes = decode_base64(testing::kJpeg);
  const auto size = bytes.find("\xff\xc0");
  bytes.replace(size + 5, 4, "\xff\x00\xff\x00");
  expect_error([&] { decode_image(bytes, "'x'"); }, "");
  expect_error([] { decode_image(decode_base64(testing::kJpeg), "'x'", 255); },
               "'x' has 16 x 16 pixels, more than 255");
  expect_error([] { decode_image(decode_base64(testing::kRgb16), "'x'", 1); }, "more than 1");
}

TEST(EncodePng, RoundTripsOneAndThreeChannels) {
  const testing::TemporaryFolder folder;
  for (const int channels : {1, 3}) {
    Image image{5, 7, channels, std::vector<std::uint8_t>(static_cast<std::size_t>(35 * channels))};
    std::iota(image.pixels.begin(), image.pixels.end(), std::uint8_t{150});
    write_png(folder / "x.png", image);
    const auto read = read_image(folder / "x.png");
    EXPECT_EQ(read.height, 5);
    EXPECT_EQ(read.width, 7);
    EXPECT_EQ(read.channels, channels);
    EXPECT_EQ(read.pixels, image.pixels);
    EXPECT_EQ(read_file(folder / "x.png"), encode_png(image));
  }
  // With alpha: read back over white.
  EXPECT_THAT(decode_image(encode_png({1, 1, 4, {0, 100, 200, 102}}), "'x'").pixels,
              ElementsAre(153, 193, 233));
  expect_error([] { encode_png({2, 2, 3, {0, 0}}); }, "with 2 bytes");
}

TEST(ToImage, ChannelsLastRoundedAndClamped) {
  const auto rgb = at::tensor({0.0F, 0.6F, 0.2F, 0.8F, 0.4F, 1.0F}).view({3, 1, 2});
  EXPECT_THAT(to_image(rgb).pixels, ElementsAre(0, 51, 102, 153, 204, 255));
  const auto odd = at::tensor({-1.0F, 0.5F, 2.0F, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_THAT(to_image(odd.view({2, 2})).pixels, ElementsAre(0, 128, 255, 0));
}

TEST(Resize, AveragesWhenItShrinksByTwo) {
  // A triangle of width two pixels each side: weights 1/8, 3/8, 3/8, 1/8 away from the border.
  const auto image = at::rand({1, 1, 12}, at::kDouble).expand({1, 8, 12}).contiguous();
  const auto small = resize(image, 4, 6);
  const auto* in = image.const_data_ptr<double>();
  for (std::int64_t x = 1; x < 5; ++x) {
    const double* at = in + 2 * x;
    EXPECT_NEAR(small[0][2][x].item<double>(), (at[-1] + 3 * at[0] + 3 * at[1] + at[2]) / 8, 1e-12);
  }
  const auto flat = resize(at::full({2, 3, 5, 5}, 0.25), 9, 3);
  EXPECT_EQ(flat.sizes().vec(), (std::vector<std::int64_t>{2, 3, 9, 3}));
  EXPECT_NEAR(flat.sub(0.25).abs().max().item().toDouble(), 0, 1e-6);
}

}  // namespace
}  // namespace ranklens::base
