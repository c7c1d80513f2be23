#include "ranklens/tn/diagram/parse.h"

#include "testing/expect_error.h"

namespace ranklens::tn::diagram {
namespace {

using testing::expect_error;

TEST(DiagramParse, ReadsTensorsAndEquations) {
  const auto document = parse(
      "title \"two ways\"  # a comment\nsize i=3, j=4 complex\n"
      "tensor A[i, j], B[j, k:5], C[i, k:5] isometry ψ[i, j; r:2]\n"
      "diagram both: 2 A[i,j] B[j,k] - C[i,k] = (A[i,j] + A*[i,j]) B[j,k] @ (1, -2)\n"
      "  -> k right, i left bent within 1e-9\n"
      "diagram scalar: ψ[i,j,r] ψ*[i,j,r]",
      "'t'");
  EXPECT_EQ(document.title, "two ways");
  EXPECT_TRUE(document.complex);
  ASSERT_EQ(document.tensors.size(), 4u);
  EXPECT_EQ(document.tensors[3].kind, Kind::Isometry);
  EXPECT_EQ(document.tensors[3].split, 2u);
  EXPECT_EQ(document.tensors[1].sizes, (std::vector<std::int64_t>{4, 5}));
  const Diagram& both = document.diagrams.at(0);
  ASSERT_EQ(both.sides.size(), 2u);
  EXPECT_EQ(both.sides[0][0].coefficient, 2);
  EXPECT_EQ(both.sides[0][1].coefficient, -1);
  EXPECT_EQ(both.sides[1][0].factors[0].what, Factor::What::Bracket);
  EXPECT_TRUE(both.sides[1][0].factors[0].inner[1].factors[0].conjugate);
  EXPECT_EQ(both.sides[1][0].factors[1].at->y, -2);
  EXPECT_EQ(both.open[1].side, Side::Left);
  EXPECT_TRUE(both.open[1].bent);
  EXPECT_EQ(both.tolerance, 1e-9);
  EXPECT_EQ(both.sizes.at("k"), 5);
  EXPECT_TRUE(document.diagrams[1].open.empty());
}

TEST(DiagramParse, CarriesSizesThroughBuiltInTensors) {
  const auto document =
      parse("tensor A[i:2, j:3] diagram d: A[i,j] fuse[a,b;p] copy[i,a,x] id[j,b] -> p, x", "'t'");
  EXPECT_EQ(document.diagrams[0].sizes.at("p"), 6);
  EXPECT_EQ(document.diagrams[0].sizes.at("x"), 2);
}

struct Wrong {
  const char* text;
  const char* message;
};

TEST(DiagramParse, SaysWhatIsWrongAndWhere) {
  const Wrong cases[] = {
      {"tensor A[i:2]\ndiagram d: A[i]", "'t', line 2, column 14: leg 'i' dangles"},
      {"tensor A[i:2]\ndiagram d: A[i] A[i] A[i]", "line 2, column 14: leg 'i' is used 3 times"},
      {"tensor A[i:2] diagram d: A[i] A[i] -> i", "leg 'i' is open, but used twice"},
      {"tensor A[i:2] diagram d: A[i] -> i, j", "open leg 'j' is not in this product"},
      {"tensor A[i:2] diagram d: A[i] -> i, i", "leg 'i' is open twice"},
      {"tensor A[i:2], B[i:3] diagram d: A[k] B[k]", "leg 'k' has size 3 here and 2 elsewhere"},
      {"tensor A[i:2], B[i:3]\n diagram d: A[k] = B[k] -> k", "line 2, column 22: leg 'k'"},
      {"tensor A[i:2] diagram d: A[i,j] -> i,j", "'A' has 1 legs, not 2"},
      {"tensor A[i] diagram d: A[i] -> i", "the size of leg 'i' is not known"},
      {"diagram d: id[i,j] -> i,j", "the size of leg 'i' is not known"},
      {"isometri A[i:2; j:2]",
       "unknown statement or kind of tensor 'isometri'; nearest: 'isometry'"},
      {"tensor Alpha[i:2] diagram d: Alfa[i] -> i", "unknown tensor 'Alfa'; nearest: 'Alpha'"},
      {"tensor A[i:2] diagram d: rely(A[i]) -> i", "unknown function 'rely'; nearest: 'relu'"},
      {"isometry A[i:2; j:3] diagram d: A[i,j] -> i,j", "is larger behind ';' than before it"},
      {"unitary A[i:2; j:3] diagram d: A[i,j] -> i,j", "is not square"},
      {"isometry A[i:2, j:2] diagram d: A[i,j] -> i,j", "needs legs on both sides of ';'"},
      {"diagonal A[i:2, j:3] diagram d: A[i,j] -> i,j", "has legs of one size"},
      {"antisymmetric A[i:2,j:2,k:2] diagram d: A[i,j,k] -> i,j,k", "is zero"},
      {"tensor A[i:2, i:2] diagram d: A[i,j] -> i,j", "with leg 'i' twice"},
      {"tensor A[i:2], A[j:2]", "tensor 'A' is declared already"},
      {"tensor copy[i:2]", "'copy' is a word of the language"},
      {"tensor A[i:0]", "a size is a whole number from 1 on"},
      {"tensor A[i:2.5]", "a size is a whole number from 1 on"},
      {"tensor A[i:1e99]", "a size is a whole number from 1 on"},
      {"tensor A[i:2", "the text ends where ',' should stand"},
      {"tensor A[i:2] diagram d A[i]", "'A' stands where ':' should"},
      {"tensor A[i:2] diagram d: A[i] + -> i", "'->' stands where a tensor with its legs"},
      {"tensor A[i:2] diagram d: A[i] -> i within 0", "a tolerance is a number above 0"},
      {"tensor A[i:2] diagram d: (A[i] + A[j]) -> i", "open leg 'i' is not in this product"},
      {"title \"no end", "has no closing '\"'"},
      {"tensor A[i:2] $", "'$' begins nothing here"},
      {"tensor A[i:2e]", "'2e' is not a number"},
      {"title \"a\"", "there is no diagram"},
      {"", "there is no diagram"},
  };
  for (const auto& [text, message] : cases) {
    SCOPED_TRACE(text);
    expect_error([&] { parse(text, "'t'"); }, message);
  }
}

TEST(DiagramParse, CountsColumnsInCharacters) {
  expect_error([] { parse("tensor ψψ[i:2] $", "'t'"); }, "line 1, column 16: '$'");
}

TEST(DiagramParse, RefusesWhatIsNotUtf8) {
  for (const char* bytes :
       {"\xff", "\xc0\xaf", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"}) {
    expect_error([&] { parse(std::string("title \"x\"\n") + bytes, "'t'"); },
                 "line 2, column 1: the text is not UTF-8 here");
  }
}

TEST(DiagramParse, RefusesBracketsWithoutEnd) {
  std::string text = "tensor A[i:2] diagram d: ";
  for (int k = 0; k < 100000; ++k) text += '(';
  expect_error([&] { parse(text, "'t'"); }, "brackets are nested too deeply");
}

}  // namespace
}  // namespace ranklens::tn::diagram
