#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>

#include "ranklens/base/files.h"
#include "ranklens/base/npy.h"

#include "app/run.h"
#include "testing/close.h"
#include "testing/put_file.h"

namespace ranklens::app {
namespace {

constexpr const char* kText =
    "tensor A[i:2, j:3], B[j:3, k:2]\n"
    "isometry U[i:4; a:2]\n"
    "diagram product: A[i,j] B[j,k] -> i, k\n"
    "diagram cancels: U*[i,a] U[i,b] = id[a,b] -> a, b\n"
    "diagram wrong: A[i,j] = 2 A[i,j] -> i, j\n";

TEST(DiagramCommand, DrawsAndComputes) {
  const TemporaryFolder folder;
  testing::put_file(folder / "d.tn", kText);
  base::write_npy(folder / "A.npy", at::ones({2, 3}));
  base::write_npy(folder / "B.npy", 2 * at::ones({3, 2}));
  const auto answer = answer_of(ranklens(
      {"diagram", folder / "d.tn", "--name", "product", "--tensors", folder.path(), "--svg",
       folder / "p.svg", "--tikz", folder / "p.tex", "--out", folder / "r.npy", "--json"}));
  EXPECT_EQ(answer["diagrams"][0]["legs"][1]["size"], 2);
  EXPECT_EQ(answer["diagrams"][0]["einsum"], "einsum('ij,jk->ik', A, B)");
  EXPECT_TRUE(testing::close(base::read_npy(folder / "r.npy"), 6 * at::ones({2, 2}, at::kDouble)));
  EXPECT_GT(fs::file_size(folder / "p.svg"), 500u);
  EXPECT_GT(fs::file_size(folder / "p.tex"), 200u);
}

/// What stands between two texts.
std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const auto begin = text.find(from);
  if (begin == std::string::npos) return "";
  const auto after = begin + from.size();
  return text.substr(after, text.find(to, after) - after);
}

TEST(DiagramCommand, TheExamplesOfTheHelpRunOnTheFileOfThePage) {
  const TemporaryFolder folder;
  const auto page = base::read_file(fs::path(RANKLENS_SOURCE_DIR) / "docs/commands/diagram.md");
  const auto text = between(page, "$ cat svd.tn\n", "$ ranklens");
  ASSERT_THAT(text, HasSubstr("diagram "));
  testing::put_file(folder / "svd.tn", text);
  const auto name = between(ranklens({"diagram", "--help"}).out, "svd.tn --name ", " ");
  ASSERT_NE(name, "");
  const auto done = ranklens({"diagram", folder / "svd.tn", "--name", name, "--tensors",
                              folder.path(), "--out", folder / "R.npy"});
  EXPECT_EQ(done.status, 0) << done.err;
}

TEST(DiagramCommand, EqualitiesDecideTheStatus) {
  const TemporaryFolder folder;
  testing::put_file(folder / "d.tn", kText);
  const auto good = ranklens({"diagram", folder / "d.tn", "--name", "cancels", "--seed", "5"});
  EXPECT_EQ(good.status, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("2 sides are equal"));
  const auto bad = ranklens({"diagram", folder / "d.tn"});
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.out, HasSubstr("2 sides DIFFER (difference 0.5"));
  EXPECT_THAT(bad.err, HasSubstr("the sides are not equal: diagram 'wrong'"));
}

TEST(DiagramCommand, DrawsNothingWhereAValueCannotBeRead) {
  const TemporaryFolder folder;
  testing::put_file(folder / "d.tn", kText);
  base::write_npy(folder / "A.npy", at::ones({3, 2}));
  const auto answer = ranklens({"diagram", folder / "d.tn", "--name", "product", "--tensors",
                                folder.path(), "--svg", folder / "p.svg"});
  EXPECT_EQ(answer.status, 2) << answer.err;
  EXPECT_FALSE(fs::exists(folder / "p.svg"));
}

// Sizes of real networks are far more numbers than a check on random tensors could hold.
TEST(DiagramCommand, DrawsOnlyWhereThatIsAskedFor) {
  const TemporaryFolder folder;
  const std::string file = folder / "d.tn", svg = folder / "d.svg";
  testing::put_file(file,
                    "tensor A[i:100000, j:100000], B[j:100000, k:2]\n"
                    "diagram d: A[i,j] B[j,k] -> i, k\n"
                    "diagram unequal: A[i,j] = 2 A[i,j] -> i, j\n");
  expect_complaint(ranklens({"diagram", file, "--svg", svg}), 2, "numbers");
  EXPECT_FALSE(fs::exists(svg));
  const auto answer = answer_of(ranklens({"diagram", file, "--draw", "--svg", svg, "--json"}));
  EXPECT_GT(fs::file_size(svg), 500u);
  ASSERT_EQ(answer["diagrams"].size(), 2u);
  EXPECT_EQ(answer["diagrams"][0]["legs"][0]["size"], 100000);
  EXPECT_FALSE(answer["diagrams"][1].contains("holds"));
  expect_complaint(ranklens({"diagram", file, "--draw"}), 2, "--draw needs a file to draw to");
  expect_complaint(ranklens({"diagram", file, "--draw", "--svg", svg, "--out", folder / "r.npy"}),
                   2, "--draw computes nothing");
}

TEST(DiagramCommand, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string file = folder / "d.tn";
  testing::put_file(file, kText);
  expect_complaint(ranklens({"diagram", file, "--name", "produkt"}), 2,
                   "diagram 'produkt' is not in the file; nearest: 'product'");
  expect_complaint(ranklens({"diagram", file, "--out", folder / "r.npy"}), 2,
                   "--out takes the result of one diagram");
  expect_complaint(ranklens({"diagram", file, "--tensors", folder / "none"}), 2, "is not a folder");
  base::write_npy(folder / "U.npy", at::ones({4, 2}));
  expect_complaint(ranklens({"diagram", file, "--tensors", folder.path()}), 2,
                   "U.npy' is not isometry");
  testing::put_file(file, "tensor A[i:2]\ndiagram d: A[i]");
  expect_complaint(ranklens({"diagram", file}), 2, "d.tn', line 2, column 14: leg 'i' dangles");
  testing::put_file(file, "\xff");
  expect_complaint(ranklens({"diagram", file}), 2, "the text is not UTF-8 here");
  expect_complaint(ranklens({"notation"}), 2, "--out is required");
}

TEST(NotationCommand, WritesTheBook) {
  const TemporaryFolder folder;
  const auto answer = answer_of(ranklens({"notation", "--out", folder / "book", "--json"}));
  EXPECT_EQ(answer["failed"], 0);
  EXPECT_GE(answer["items"].size(), 60u);
  EXPECT_LT(answer["largest_error"], 1e-7);
  EXPECT_GT(fs::file_size(folder / "book" / "notation.html"), 100000u);
}

TEST(NotationCommand, AnEqualityThatDoesNotHoldDecidesTheStatus) {
  const TemporaryFolder folder;
  const auto bad =
      ranklens({"notation", "--out", folder / "book", "--disturb", "tangent-train", "--json"});
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.err,
              HasSubstr("items of the book do not hold, the first: Riemannian descent on a train"));
  const auto answer = nlohmann::json::parse(bad.out);
  EXPECT_EQ(answer["failed"], 1);
  for (const auto& item : answer["items"])
    EXPECT_EQ(item["holds"].get<bool>(), item["id"] != "tangent-train") << item;
  EXPECT_THAT(base::read_file(folder / "book" / "notation.html"),
              HasSubstr(fmt::format("1 of {} items do not hold", answer["items"].size())));
  expect_complaint(ranklens({"notation", "--out", folder / "other", "--disturb", "nothing"}), 2,
                   "no item of the book is called 'nothing'");
  EXPECT_FALSE(fs::exists(folder / "other"));
}

}  // namespace
}  // namespace ranklens::app
