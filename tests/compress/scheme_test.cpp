#include "ranklens/compress/scheme.h"

#include <gmock/gmock.h>

#include "testing/expect_error.h"

namespace ranklens::compress {
namespace {

using ranklens::testing::error_of;
using ::testing::HasSubstr;

TEST(Scheme, RulesInTheirOrder) {
  const auto scheme = parse_scheme(" conv*: tucker(eps=0.05) ; head:tt(r=16);");
  ASSERT_EQ(scheme.rules.size(), 2);
  EXPECT_EQ(scheme.rules[0].pattern, "conv*");
  EXPECT_EQ(scheme.rules[0].spec.format, nn::WeightSpec::Format::tucker);
  EXPECT_EQ(scheme.rules[0].spec.eps, 0.05);
  EXPECT_EQ(scheme.rules[1].pattern, "head");
  EXPECT_EQ(scheme.rules[1].spec.ranks, nn::Shape{16});
  EXPECT_FALSE(scheme.ratio);
  EXPECT_EQ(parse_scheme("auto(ratio=0.25)").ratio, 0.25);
  EXPECT_EQ(parse_scheme(" auto(ratio=0.25) ; ").ratio, 0.25);
}

TEST(Scheme, SaysWhatIsWrong) {
  for (const auto& [text, part] : std::initializer_list<std::pair<const char*, const char*>>{
           {"", "is empty"},
           {" ; ", "is empty"},
           {"tucker(eps=0.1)", "does not say how layers are stored"},
           {": tucker(eps=0.1)", "names no layers"},
           {"a: tuker(eps=0.1)", "nearest: 'tucker'"},
           {"auto", "needs a ratio"},
           {"auto(ratio=0)", "between 0 and 1"},
           {"auto(ratio=1)", "between 0 and 1"},
           {"auto(ratio=1.5)", "ratio"},
           {"auto(ratio=0.5,x=1)", "x"}}) {
    EXPECT_THAT(error_of([&, bad = text] { parse_scheme(bad); }), HasSubstr(part)) << text;
  }
}

}  // namespace
}  // namespace ranklens::compress
