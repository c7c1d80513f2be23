#include "ranklens/base/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

namespace ranklens::base {
namespace {

using testing::HasSubstr;

template <class Call>
std::string message(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

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

TEST(Spec, NamesWhatIsWrong) {
  EXPECT_THAT(message([] { SpecReader("adam(lr=1", "optimiser"); }), HasSubstr("parenthesis"));
  EXPECT_THAT(message([] { SpecReader("adam(=1)", "optimiser"); }), HasSubstr("key=value"));
  EXPECT_THAT(message([] { SpecReader("", "optimiser"); }), HasSubstr("no name"));
  EXPECT_THAT(message([] { SpecReader("a(x=1,x=2)", "optimiser"); }), HasSubstr("twice"));
  SpecReader spec("adam(momentun=0.9,lr=nan,n=1.5,f=2)", "optimiser");
  EXPECT_THAT(message([&] { spec.number("lr", 0, 0, 1); }), HasSubstr("not 'nan'"));
  EXPECT_THAT(message([&] { spec.integer("n", 0, 0, 9); }), HasSubstr("whole number from 0 to 9"));
  EXPECT_THAT(message([&] { spec.flag("f", false); }), HasSubstr("true or false"));
  spec.text("momentum", "");
  EXPECT_THAT(message([&] { spec.finish(); }),
              HasSubstr("the optimiser 'adam' has no option 'momentun'; nearest: 'momentum'"));
}

}  // namespace
}  // namespace ranklens::base
