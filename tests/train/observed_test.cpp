#include "ranklens/train/observed.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ranklens::train {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Observed, BondsAreReadInTheirOrder) {
  const Observed observed{{"rank/mps.0", 2}, {"rank/mps.10", 7},    {"rank/mps.2", 4},
                          {"cut/mps", 0.1},  {"rank/fc.weight", 3}, {"angle.1", 5}};
  EXPECT_THAT(by_bond(observed), ElementsAre(Pair("rank/mps", ElementsAre(2, 4, 7))));
}

TEST(Observed, ManyBondsBecomeTwoNumbers) {
  Observed observed{{"cut/mps", 0.1}, {"rank/head.weight.0", 3}, {"rank/head.weight.1", 5}};
  const auto few = observed;
  for (std::size_t k = 0; k < kFewBonds + 1; ++k)
    observed[fmt::format("rank/mps.{}", k)] = static_cast<double>(k);
  auto expected = few;
  expected["rank/mps largest"] = 8;
  expected["rank/mps mean"] = 4;
  EXPECT_EQ(summarised(observed), expected);
  observed.erase("rank/mps.0");  // as many as are told one by one
  EXPECT_EQ(summarised(observed), observed);
  EXPECT_EQ(summarised(few), few);
}

}  // namespace
}  // namespace ranklens::train
