#include "ranklens/base/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/expect_error.h"

namespace ranklens::base {
namespace {

using testing::expect_error;

TEST(Spec, ReadsNamesAndValues) {
  SpecReader spec(" adam( lr = 1e-3, nesterov, n=12,s=a b )", "optimiser");
  EXPECT_EQ(spec.name(), "adam");
  EXPECT_EQ(spec.number("lr", 1, 0, 1), 1e-3);
  EXPECT_EQ(spec.number("eps", 0.5, 0, 1), 0.5);
  EXPECT_TRUE(spec.flag("nesterov", false));
  EXPECT_FALSE(spec.flag("other", false));
  EXPECT_EQ(spec.integer("n", 0, 0, 20), 12);
  EXPECT_EQ(spec.text("s", ""), "a b");
  EXPECT_TRUE(spec.has("lr"));
  EXPECT_NO_THROW(spec.finish());
  EXPECT_EQ(SpecReader("constant", "schedule").name(), "constant");
  EXPECT_EQ(SpecReader("constant()", "schedule").name(), "constant");
}

TEST(Spec, KnowsWhatWasAskedForAndWhatIsRefused) {
  SpecReader spec("adam(lr=0.5)", "optimiser");
  spec.number("lr", 0, 0, 1);
  spec.has("eps");
  spec.refuse("decay", "no decay here");
  EXPECT_THAT(spec.asked(), ::testing::ElementsAre("lr", "eps"));
  expect_error([&] { spec.refuse("lr", "no lr here"); }, "no lr here");
}

TEST(Spec, NamesWhatIsWrong) {
  expect_error([] { SpecReader("adam(lr=1", "optimiser"); }, "parenthesis");
  expect_error([] { SpecReader("adam(=1)", "optimiser"); }, "key=value");
  expect_error([] { SpecReader("", "optimiser"); }, "no name");
  expect_error([] { SpecReader("a(x=1,x=2)", "optimiser"); }, "twice");
  SpecReader spec("adam(momentun=0.9,lr=nan,n=1.5,f=2)", "optimiser");
  expect_error([&] { spec.number("lr", 0, 0, 1); }, "not 'nan'");
  expect_error([&] { spec.integer("n", 0, 0, 9); }, "whole number from 0 to 9");
  expect_error([&] { spec.flag("f", false); }, "true or false");
  spec.text("momentum", "");
  expect_error([&] { spec.finish(); },
               "the optimiser 'adam' has no option 'momentun'; nearest: 'momentum'");
}

}  // namespace
}  // namespace ranklens::base
