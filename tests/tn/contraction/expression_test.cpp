#include "ranklens/tn/contraction/expression.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::tn {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::IsEmpty;

TEST(Expression, CodePointsAreLabels) {
  const auto equation = parse_equation("aé,é×,×\U0001D7D8->\U0001D7D8a");
  EXPECT_THAT(equation.names, ElementsAre("a", "é", "×", "\U0001D7D8"));
  EXPECT_THAT(equation.inputs, ElementsAre(Labels{0, 1}, Labels{1, 2}, Labels{2, 3}));
  EXPECT_THAT(equation.output, ElementsAre(3, 0));
}

TEST(Expression, ScalarsAndSpacesAndRepeatedLabels) {
  const auto equation = parse_equation(" , i i ,j -> ");
  EXPECT_THAT(equation.inputs, ElementsAre(Labels{}, Labels{0, 0}, Labels{1}));
  EXPECT_THAT(equation.output, IsEmpty());
  EXPECT_THAT(parse_equation("->").inputs, ElementsAre(Labels{}));
}

TEST(Expression, WithoutAnArrowWhatOccursOnceIsKept) {
  const auto equation = parse_equation("zj,jb");
  EXPECT_EQ(equation.names[static_cast<std::size_t>(equation.output[0])], "b");
  EXPECT_EQ(equation.names[static_cast<std::size_t>(equation.output[1])], "z");
}

TEST(Expression, IntegerLabelsNeedNotBeDense) {
  const auto expression =
      with_shapes(parse_equation({{-7, 100000}, {100000}}, {-7}), {{2, 3}, {3}});
  EXPECT_THAT(expression.sizes, ElementsAre(2, 3));
  EXPECT_EQ(to_string(expression), "-7 100000,100000->-7");
}

TEST(Expression, PrintsAsItWasWritten) {
  EXPECT_EQ(to_string(make_expression("aé,éb->ba", {{1, 2}, {2, 3}})), "aé,éb->ba");
}

TEST(Expression, BadEquationsAreRefused) {
  expect_error([] { parse_equation("ij,jk->ii"); }, "the output has the label 'i' twice");
  expect_error([] { parse_equation("ij,jk->im"); }, "the label 'm', which no operand has");
  expect_error([] { parse_equation("i->j->k"); }, "'->' twice");
  expect_error([] { parse_equation("i->i,"); }, "has a ','");
  expect_error([] { parse_equation("...i->i"); }, "'.' is no label");
  expect_error([] { parse_equation("i-j"); }, "'-' is no label");
}

TEST(Expression, MalformedUtf8IsRefused) {
  for (const std::string bytes : {"\x80", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                  "\xFF", "\xE2\x28\xA1", "\xE0\x80\x80"}) {
    expect_error([&] { parse_equation("a" + bytes + "->a"); }, "no UTF-8");
  }
  EXPECT_EQ(parse_equation("\xF4\x8F\xBF\xBF->").names.size(), 1U);  // U+10FFFF
}

TEST(Expression, BadShapesAreRefused) {
  const auto with = [](std::vector<Shape> shapes) {
    return [shapes = std::move(shapes)] { make_expression("ij,jk->ik", shapes); };
  };
  expect_error(with({{2, 3}}), "has 2 operands, but 1 were given");
  expect_error(with({{2, 3}, {4, 5}}), "label 'j' has size 4 in operand 1, but 3 before");
  expect_error(with({{2, 3}, {3}}), "operand 1 has shape [3]");
  expect_error(with({{0, 3}, {3, 2}}), "label 'i' has size 0");
  expect_error([] { with_sizes(parse_equation("ij->"), {{"i", 2}}); }, "label 'j' has no size");
}

}  // namespace
}  // namespace ranklens::tn
