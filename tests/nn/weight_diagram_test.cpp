#include "ranklens/nn/weight_diagram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"
#include "ranklens/nn/init.h"
#include "ranklens/tn/diagram/draw.h"
#include "ranklens/tn/diagram/evaluate.h"
#include "ranklens/tn/diagram/svg.h"

#include "testing/close.h"
#include "testing/expect_error.h"

namespace ranklens::nn {
namespace {

using testing::close;
using ::testing::HasSubstr;

Weight drawn_weight(const Shape& shape, const std::string& spec) {
  return initialise(shape, parse_weight_spec(spec), {.kind = Init::Kind::normal, .std = 1},
                    base::Stream(2, "init"));
}

at::Tensor factor(const Weight& weight, std::size_t k) {
  return weight->factors()[k].tensor.to(at::kDouble);
}

/// The drawing, computed with these tensors.
at::Tensor computed(const Weight& weight, const tn::diagram::Values& values) {
  const auto document = weight_diagram("w", weight);
  return tn::diagram::evaluate(document, document.diagrams.front(), values).front();
}

TEST(WeightDiagram, ATrainIsItsCoresInARow) {
  const auto weight = drawn_weight({24, 30}, "tt(out=4x3x2,in=5x2x3,r=3)");
  const auto result = computed(weight, {{"G1", factor(weight, 0)[0]},
                                        {"G2", factor(weight, 1)},
                                        {"G3", factor(weight, 2).squeeze(-1)}});
  EXPECT_TRUE(
      close(result.permute({0, 2, 4, 1, 3, 5}).reshape({24, 30}), weight->dense().to(at::kDouble)));
}

TEST(WeightDiagram, ATrainWithAWindowBeginsWithIt) {
  const auto weight = drawn_weight({8, 6, 3, 2}, "tt(out=4x2,in=3x2,r=3)");
  const auto result = computed(weight, {{"G1", factor(weight, 0)},
                                        {"G2", factor(weight, 1)},
                                        {"G3", factor(weight, 2).squeeze(-1)}});
  EXPECT_TRUE(close(result.permute({2, 4, 3, 5, 0, 1}).reshape({8, 6, 3, 2}),
                    weight->dense().to(at::kDouble)));
}

TEST(WeightDiagram, OtherFormatsAreWhatTheyStandFor) {
  for (const Shape& shape : {Shape{8, 6, 3, 2}, Shape{8, 6}}) {
    const auto last = shape.size() == 4 ? Shape{-1, 6, 3, 2} : Shape{-1, 6};
    const auto low = drawn_weight(shape, "low_rank(r=4)");
    EXPECT_TRUE(
        close(computed(low, {{"U", factor(low, 0)}, {"V", factor(low, 1).t().reshape(last)}}),
              low->dense().to(at::kDouble)));
    const auto tucker = drawn_weight(shape, "tucker(r=4x3)");
    EXPECT_TRUE(close(computed(tucker, {{"U", factor(tucker, 0)},
                                        {"C", factor(tucker, 1)},
                                        {"V", factor(tucker, 2).t()}}),
                      tucker->dense().to(at::kDouble)));
    const auto cp = drawn_weight(shape, "cp(r=5)");
    tn::diagram::Values values{{"A", factor(cp, 0)}, {"B", factor(cp, 1)}};
    if (shape.size() == 4) values.insert({{"Y", factor(cp, 2)}, {"X", factor(cp, 3)}});
    EXPECT_TRUE(close(computed(cp, values), cp->dense().to(at::kDouble)));
  }
}

TEST(WeightDiagram, IsLabelledWithSizes) {
  const auto document = weight_diagram("head", drawn_weight({24, 30}, "tt(out=4x6,in=5x6,r=17)"));
  const auto svg = tn::diagram::svg(tn::diagram::draw(document.diagrams.front()), "head");
  EXPECT_THAT(svg, HasSubstr(">17<"));
  EXPECT_THAT(svg, HasSubstr("leg r1 of size 17"));
  EXPECT_EQ(svg.find(">r"), std::string::npos);
  EXPECT_EQ(diagram_text(drawn_weight({4, 4}, "dense")), "");
  testing::expect_error([] { weight_diagram("w", drawn_weight({4, 4}, "dense")); },
                        "not stored in factors");
}

}  // namespace
}  // namespace ranklens::nn
