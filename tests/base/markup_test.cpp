#include "ranklens/base/markup.h"

#include <gtest/gtest.h>

namespace ranklens::base {
namespace {

TEST(Markup, HtmlIsEscaped) { EXPECT_EQ(escape_html("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;"); }

}  // namespace
}  // namespace ranklens::base
