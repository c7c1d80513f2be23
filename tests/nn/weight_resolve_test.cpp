#include <algorithm>

#include <gmock/gmock.h>

#include "ranklens/nn/init.h"
#include "ranklens/nn/weight_spec.h"

#include "testing/expect_error.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::error_of;
using ::testing::HasSubstr;

TEST(BalancedModes, MultiplyToTheNumber) {
  EXPECT_EQ(balanced_modes(2048, 3), (Shape{16, 16, 8}));
  EXPECT_EQ(balanced_modes(128, 3), (Shape{8, 4, 4}));
  EXPECT_EQ(balanced_modes(7, 3), (Shape{7, 1, 1}));
  EXPECT_EQ(balanced_modes(1, 2), (Shape{1, 1}));
  for (std::int64_t n = 1; n < 2000; ++n) {
    std::int64_t product = 1;
    for (const auto mode : balanced_modes(n, 3)) product *= mode;
    ASSERT_EQ(product, n);
  }
}

struct Stored {
  const char* spec;
  Shape shape;
};

const Stored kStored[] = {{"low_rank(r=3)", {8, 12}},
                          {"low_rank(r=3)", {8, 6, 3, 3}},
                          {"tt(r=3)", {8, 12}},
                          {"tt(out=2x2x2,in=3x2x2,r=5x4)", {8, 12}},
                          {"tt(out=4x2,in=3x2,r=4x3)", {8, 6, 3, 3}},
                          {"tt(out=4x2,in=9x6,r=3)", {8, 6, 3, 3}},
                          {"tucker(r=4x3)", {8, 12}},
                          {"tucker(r=5)", {8, 6, 3, 3}},
                          {"cp(r=7)", {8, 6, 3, 3}}};

TEST(WeightSizes, AreWhatAFreshWeightStores) {
  for (const auto& [text, shape] : kStored) {
    const auto spec = parse_weight_spec(text);
    EXPECT_EQ(stored_numbers(resolve(spec, shape), shape),
              initialise(shape, spec, {}, base::Stream(1, "init", "w"))->parameters())
        << text;
  }
}

TEST(WeightSizes, ARatioTakesTheLargestRanksWithinIt) {
  for (const char* format : {"low_rank", "tt", "tucker", "cp"}) {
    for (const Shape& shape : {Shape{48, 64}, Shape{24, 16, 3, 3}}) {
      for (const double ratio : {0.15, 0.4, 0.8}) {
        const auto spec =
            resolve(parse_weight_spec(fmt::format("{}(ratio={})", format, ratio)), shape);
        const double whole = shape.size() == 2 ? 48 * 64 : 24 * 16 * 9;
        EXPECT_LE(static_cast<double>(stored_numbers(spec, shape)), ratio * whole)
            << to_string(spec);
        auto larger = spec;
        for (auto& rank : larger.ranks) ++rank;
        // Of a train one rank for all bonds, some of which have all that they can.
        if (spec.format == WeightSpec::Format::tt)
          larger.ranks = {*std::max_element(larger.ranks.begin(), larger.ranks.end())};
        if (spec.format == WeightSpec::Format::tucker) {
          // In proportion to the channels: the next pair is one up in the longer mode.
          const auto longer = shape[0] > shape[1] ? 0U : 1U;
          EXPECT_EQ(
              spec.ranks[1 - longer],
              std::max<std::int64_t>(1, spec.ranks[longer] * shape[1 - longer] / shape[longer]));
        }
        EXPECT_GT(static_cast<double>(stored_numbers(resolve(larger, shape), shape)), ratio * whole)
            << to_string(spec);
      }
    }
  }
}

TEST(WeightSizes, ARatioThatNothingKeepsIsRefused) {
  EXPECT_THAT(
      error_of([] { resolve(parse_weight_spec("low_rank(ratio=0.1)"), {4, 4}); }),
      HasSubstr("even at rank 1 a weight of shape 4x4 keeps 8 numbers, more than the 1 that"));
  EXPECT_THAT(error_of([] { parse_weight_spec("tt(ratio=1)"); }), HasSubstr("between 0 and 1"));
  EXPECT_THAT(error_of([] { parse_weight_spec("tt(ratio=0.5,r=2)"); }),
              HasSubstr("beside a rank or a tolerance"));
  EXPECT_THAT(error_of([] { resolve(parse_weight_spec("tt(eps=0.1)"), {4, 4}); }),
              HasSubstr("needs a rank or a ratio"));
  EXPECT_EQ(to_string(parse_weight_spec("tt(out=2x2,in=2x2,ratio=0.5)")),
            "tt(out=2x2,in=2x2,ratio=0.5)");
}

}  // namespace
}  // namespace ranklens::nn
