#include <set>

#include <gmock/gmock.h>

#include "ranklens/tn/diagram/book/factors.h"
#include "ranklens/tn/diagram/book/item.h"
#include "ranklens/tn/diagram/book/page.h"
#include "ranklens/tn/diagram/parse.h"

#include "testing/close.h"
#include "testing/expect_error.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;
using ::testing::HasSubstr;

std::vector<Item> all_items() {
  std::vector<Item> items;
  for (const Group& group : groups())
    items.insert(items.end(), group.items.begin(), group.items.end());
  return items;
}

TEST(Book, EveryItemHoldsForSeveralSeeds) {
  for (const Item& item : all_items()) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      const Verified result = verify(item, seed);
      EXPECT_TRUE(result.holds) << item.id << " seed " << seed << " error " << result.worst()
                                << " broken " << ::testing::PrintToString(result.broken);
      for (const Fact& fact : result.facts)
        EXPECT_TRUE(fact.holds()) << item.id << ": " << fact.text << " " << fact.value << " "
                                  << fact.bound;
    }
  }
}

TEST(Book, FailsWhenAnyDrawnTensorIsDisturbed) {
  for (const Item& item : all_items()) {
    const auto document = parse(item.source, "'t'");
    const std::size_t count = drawn_tensors(document.diagrams.front());
    for (std::size_t n = 0; n < count; ++n) {
      EXPECT_FALSE(verify(item, 1, disturbing(n)).holds)
          << item.id << ": nothing fails although drawn tensor " << n << " is another";
    }
  }
}

TEST(Book, ItemsAreNamedOnceAndComplete) {
  std::set<std::string_view> ids;
  for (const Item& item : all_items()) {
    EXPECT_TRUE(ids.insert(item.id).second) << item.id;
    EXPECT_FALSE(item.title.empty() || item.text.empty() || item.formula.empty() ||
                 item.code.empty())
        << item.id;
    EXPECT_EQ(parse(item.source, "'t'").diagrams.size(), 1u) << item.id;
  }
  EXPECT_GE(ids.size(), 60u);
}

TEST(Book, SecondWaysDoNotContract) {
  for (const Item& item : all_items()) {
    EXPECT_EQ(item.code.find("evaluate"), std::string_view::npos) << item.id;
    EXPECT_EQ(item.code.find("contract"), std::string_view::npos) << item.id;
    EXPECT_EQ(item.code.find("einsum"), std::string_view::npos) << item.id;
  }
}

TEST(Book, ThePageHasEveryItemAndNeedsNothingElse) {
  const auto chapters = evaluated(groups(), 1);
  const std::string html = page(chapters, 1);
  for (const Item& item : all_items())
    EXPECT_THAT(html, HasSubstr("<article id=\"" + std::string(item.id) + "\""));
  for (const char* outside : {"src=", "http-equiv", "@import", "url(", "<link"})
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  EXPECT_THAT(html, HasSubstr("All "));
}

TEST(Book, ThePageSaysSizesAndSetsCode) {
  const std::string html = page(evaluated({copies()}, 1), 1);
  EXPECT_THAT(html, HasSubstr("Sizes of the legs: <i>i</i>&nbsp;2, <i>j</i>&nbsp;3"));
  EXPECT_THAT(html, HasSubstr("<code>i j k -&gt; i (j k)</code>"));
  EXPECT_THAT(html, HasSubstr("fuse(3, 4)"));
  EXPECT_EQ(html.find("each( "), std::string::npos);
}

TEST(Book, ThePageSaysWhatFails) {
  auto chapters = evaluated({operations()}, 1);
  chapters[0].entries[0].verified.holds = false;
  EXPECT_THAT(page(chapters, 1), HasSubstr("items do not hold"));
}

TEST(Book, ThePageSaysWhichDisturbedItemFails) {
  for (const char* id : {"dmrg", "tangent-train", "retraction-train"}) {
    const auto chapters = evaluated({learning()}, 1, id, 1);
    for (const auto& [item, verified] : chapters[0].entries)
      EXPECT_EQ(verified.holds, item.id != id) << item.id;
    EXPECT_THAT(page(chapters, 1), HasSubstr("1 of 6 items do not hold")) << id;
  }
  testing::expect_error([] { evaluated({learning()}, 1, "dmrgg"); }, "nearest: 'dmrg'");
  testing::expect_error([] { evaluated({learning()}, 1, "dmrg", 8); }, "draws 8 tensors");
}

Item item_called(std::string_view id) {
  for (const Item& item : all_items())
    if (item.id == id) return item;
  return {};
}

// The frames project: what they leave of H is not all of it, so that its lowest eigenvalue is not
// that of the whole.
TEST(Book, TheFramesOfTheSweepAreThinnerThanTheWhole) {
  const Document document = parse(item_called("dmrg").source, "'t'");
  for (const Declaration& tensor : document.tensors) {
    if (tensor.kind == Kind::Isometry) {
      EXPECT_GT(tensor.sizes[0], tensor.sizes[1]) << tensor.name;
    }
  }
  const auto facts = verify(item_called("dmrg"), 1).facts;
  ASSERT_EQ(facts.size(), 3U);
  EXPECT_LT(facts[1].value, facts[1].bound - 0.1);
  Fact equal = facts[1];
  equal.value = equal.bound;
  EXPECT_FALSE(equal.holds());  // strictly below
}

TEST(Book, FormulasBecomeHtml) {
  EXPECT_EQ(formula_html("a_{i} < b^{T_{2}}"), "a<sub>i</sub> &lt; b<sup>T<sub>2</sub></sup>");
}

TEST(BookFactors, TrainsGiveBackTheTensor) {
  const Document document =
      parse("tensor T[i:3,j:4,k:3,l:2] diagram d: T[i,j,k,l] T[i,j,k,l]", "'t'");
  const Tensor t = random_value(document.tensors[0], false, 5);
  const auto left = left_cores(t), right = right_cores(t);
  for (const auto& cores : {left, right}) {
    Tensor whole = cores[0];
    for (std::size_t k = 1; k < cores.size(); ++k) {
      whole =
          whole.reshape({-1, cores[k].size(0)}).matmul(cores[k].reshape({cores[k].size(0), -1}));
    }
    EXPECT_TRUE(testing::close(whole.reshape(t.sizes()), t, 1e-10));
  }
  EXPECT_EQ(left_cores(t, 2)[1].sizes(), at::IntArrayRef({2, 4, 2}));
}

}  // namespace
}  // namespace ranklens::tn::diagram::book
