#include "ranklens/tn/diagram/evaluate.h"

#include <cmath>

#include <ATen/ops/diag_embed.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/real.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/trace.h>

#include "ranklens/tn/diagram/parse.h"

#include "testing/close.h"
#include "testing/expect_error.h"

namespace ranklens::tn::diagram {
namespace {

using at::Tensor;
using testing::close;
using testing::expect_error;

struct Case {
  Document document;
  Values values;

  explicit Case(const std::string& text, std::uint64_t seed = 3)
      : document(parse(text, "'t'")), values(random_values(document, seed)) {}
  std::vector<Tensor> sides(std::size_t k = 0) const {
    return evaluate(document, document.diagrams.at(k), values);
  }
  Tensor result(std::size_t k = 0) const { return sides(k).front(); }
};

TEST(DiagramEvaluate, AgreesWithTheOperatorsOfTheSameName) {
  const Case c(
      "size i=3, j=4\ntensor A[i,j], B[j,i], x[j], y[i]\n"
      "diagram mm: A[i,j] B[j,k] -> i, k\n"
      "diagram t: A[i,j] -> j, i\n"
      "diagram tr: A[e,f] B[f,e]\n"
      "diagram outer: x[j] y[i] -> i, j\n"
      "diagram sum: 2 A[i,j] - 0.5 B[j,i] -> i, j\n"
      "diagram net: relu(A[i,j] x[j] + y[i]) -> i\n"
      "diagram bracket: (A[i,j] + B[j,i]) x[j] -> i\n"
      "diagram hadamard: {A[e,f] copy[e,g,i]} B[h,g] copy[f,h,j] -> i, j\n"
      "diagram fuse: A[i,j] fuse[i,j;p] -> p\n"
      "diagram rows: A[i,j] ones[j] -> i\n");
  const Tensor &A = c.values.at("A"), &B = c.values.at("B"), &x = c.values.at("x"),
               &y = c.values.at("y");
  EXPECT_TRUE(close(c.result(0), at::matmul(A, B), 1e-12));
  EXPECT_TRUE(close(c.result(1), A.t(), 1e-12));
  EXPECT_TRUE(close(c.result(2), at::trace(at::matmul(A, B)), 1e-12));
  EXPECT_TRUE(close(c.result(3), at::einsum("j,i->ij", {x, y}), 1e-12));
  EXPECT_TRUE(close(c.result(4), 2 * A - 0.5 * B.t(), 1e-12));
  EXPECT_TRUE(close(c.result(5), at::relu(at::matmul(A, x) + y), 1e-12));
  EXPECT_TRUE(close(c.result(6), at::matmul(A + B.t(), x), 1e-12));
  EXPECT_TRUE(close(c.result(7), A * B.t(), 1e-12));
  EXPECT_TRUE(close(c.result(8), A.reshape({12}), 1e-12));
  EXPECT_TRUE(close(c.result(9), A.sum(1), 1e-12));
}

TEST(DiagramEvaluate, ConjugatesComplexTensors) {
  const Case c("complex tensor x[i:5] diagram norm: x*[i] x[i]");
  EXPECT_TRUE(c.result().is_complex());
  EXPECT_TRUE(close(at::real(c.result()), c.values.at("x").abs().square().sum(), 1e-12));
}

TEST(DiagramEvaluate, RandomTensorsHaveThePropertyOfTheirKind) {
  for (const std::string field : {"", "complex "}) {
    const Case c(field +
                 "size n=4, m=4, l=4 isometry V[n,m;r:5] unitary Q[n;m] diagonal D[n,m]\n"
                 "symmetric S[n,m,l] antisymmetric Z[n,m,l] positive P[n;m]\n"
                 "diagram iso: V*[n,m,a] V[n,m,b] = id[a,b] -> a, b within 1e-12\n"
                 "diagram uni: Q[a,m] Q*[b,m] = id[a,b] -> a, b within 1e-12\n"
                 "diagram sym: S[n,m,l] = S[l,n,m] = S[m,n,l] -> n, m, l within 1e-12\n"
                 "diagram anti: Z[n,m,l] = - Z[m,n,l] = Z[l,n,m] -> n, m, l within 1e-12\n"
                 "diagram pos: P[n,m] = P*[m,n] -> n, m within 1e-12\n");
    for (std::size_t k = 0; k < c.document.diagrams.size(); ++k) {
      EXPECT_LT(largest_difference(c.sides(k)), 1e-12) << c.document.diagrams[k].name;
      EXPECT_GT(c.result(k).abs().max().item<double>(), 0.01) << c.document.diagrams[k].name;
    }
    for (const Declaration& t : c.document.tensors) {
      EXPECT_LT(violation(t, c.values.at(t.name)), 1e-12) << t.name;
      const Tensor other = c.values.at(t.name) + 0.1 * at::ones(t.sizes, at::kDouble).cumsum(0);
      if (t.kind != Kind::Symmetric) {
        EXPECT_GT(violation(t, other), 1e-3) << t.name;
      }
    }
    EXPECT_EQ(c.values.at("D").count_nonzero().item<std::int64_t>(), 4);
  }
}

TEST(DiagramEvaluate, GroupsAreTensorsOfTheLegsThatAreLeft) {
  const Case c(
      "size i=3, j=4, k=3 tensor A[i,j], B[j,k], x[k]\n"
      "diagram vector: {A[i,j] {B[j,k] x[k]}} -> i\n"
      "diagram number: {A[a,j] {\"trace\" A[i,l] B[l,i]} B[j,k]} x[a] x[k]");
  const Tensor A = c.values.at("A"), B = c.values.at("B"), x = c.values.at("x");
  EXPECT_TRUE(close(c.result(0), A.matmul(B.matmul(x)), 1e-12));
  EXPECT_TRUE(close(c.result(1), x.dot(A.matmul(B.matmul(x))) * A.matmul(B).trace(), 1e-12));
}

TEST(DiagramEvaluate, FalseEqualitiesDiffer) {
  const Case c("tensor A[i:3,j:3] diagram d: A[i,j] = A[j,i] -> i, j");
  EXPECT_GT(largest_difference(c.sides()), 0.1);
}

TEST(DiagramEvaluate, SeedsAndNamesDecideTheValues) {
  const std::string text = "tensor A[i:3,j:3], B[i:3,j:3] diagram d: A[i,j] B[i,j]";
  const Case one(text), again(text), other(text, 4);
  EXPECT_TRUE(at::equal(one.values.at("A"), again.values.at("A")));
  EXPECT_FALSE(at::equal(one.values.at("A"), other.values.at("A")));
  EXPECT_FALSE(at::equal(one.values.at("A"), one.values.at("B")));
}

TEST(DiagramEvaluate, ChangesReachEveryDrawnTensor) {
  const Case c(
      "tensor A[i:3,j:3], x[i:3] diagram d: A[i,j] exp(A[j,k]) copy[k,a,b] = (A[i,a] + A[i,a]) "
      "x[b] "
      "-> i, a, b");
  const Diagram& diagram = c.document.diagrams[0];
  ASSERT_EQ(drawn_tensors(diagram), 6u);
  const auto plain = c.sides();
  for (std::size_t n = 0; n < 6; ++n) {
    const auto changed = evaluate(
        c.document, diagram, c.values,
        {.change = [n](std::size_t k, const Tensor& value) { return k == n ? value + 1 : value; }});
    const std::size_t side = n < 3 ? 0 : 1;
    EXPECT_GT(difference(plain[side], changed[side]), 1e-3) << n;
    EXPECT_EQ(difference(plain[1 - side], changed[1 - side]), 0) << n;
  }
}

TEST(DiagramEvaluate, GivenTensorsAreChecked) {
  const auto document = parse(
      "isometry U[i:3; j:2] diagonal D[j:2, k:2] tensor T[i:3] diagram d: U[i,j] D[j,k] -> i, k",
      "'t'");
  const auto check_one = [&](const char* name, const Tensor& value) {
    return checked_value(*find(document, name), value, "'f.npy'");
  };
  expect_error([&] { check_one("U", at::ones({3, 2})); }, "'f.npy' is not isometry: it is off by");
  expect_error([&] { check_one("T", at::ones({2})); },
               "'f.npy' has shape [2], but tensor 'T' is declared with [3]");
  expect_error([&] { check_one("T", at::full({3}, NAN)); }, "'f.npy' holds NaN or infinity");
  EXPECT_TRUE(
      close(check_one("D", at::full({2}, 3.0)), at::diag_embed(at::full({2}, 3.0, at::kDouble))));
  EXPECT_EQ(check_one("U", at::eye(3).slice(1, 0, 2)).scalar_type(), at::kDouble);
}

TEST(DiagramEvaluate, RefusesTensorsThatDoNotFit) {
  const auto document = parse("tensor A[i:100000,j:100000] diagram d: A[i,j] -> i, j", "'t'");
  expect_error([&] { random_values(document, 1); },
               "tensor 'A' of sizes 100000x100000 has more than");
  const auto lines = parse("diagram d: copy[a:3000,b,c] -> a, b, c", "'t'");
  expect_error([&] { evaluate(lines, lines.diagrams[0], {}); }, "'copy' of sizes 3000x3000x3000");
}

TEST(DiagramEvaluate, DifferencesAreRelative) {
  const Tensor a = at::full({2}, 3.0, at::kDouble);
  EXPECT_DOUBLE_EQ(difference(a, 2 * a), 0.5);
  EXPECT_EQ(difference(0 * a, 0 * a), 0);
  EXPECT_EQ(difference(a, a * NAN), INFINITY);
  EXPECT_EQ(difference(a, at::ones({3})), INFINITY);
}

TEST(DiagramEinsum, WritesWhatIsComputed) {
  const auto text_of = [](const std::string& text) {
    return einsum_text(parse("tensor A[i:3,j:3], x[i:3] diagram d: " + text, "'t'").diagrams[0]);
  };
  EXPECT_EQ(text_of("A[i,j] x[j] -> i"), "einsum('ij,j->i', A, x)");
  EXPECT_EQ(text_of("A*[i,leg] x[leg] -> i"), "einsum('ab,b->a', conj(A), x)");
  EXPECT_EQ(
      contract_text(
          parse("tensor A[i:3,j:3], x[i:3] diagram d: relu(A*[i,j] x[j]) -> i", "'t'").diagrams[0]),
      "at::relu(tn::contract(\"ij,j->i\", {A.conj(), x}))");
  EXPECT_EQ(text_of("2 A[i,j] - A[j,i] = x[i] x[j] -> i, j"),
            "2 * A - einsum('ji->ij', A)\n= einsum('i,j->ij', x, x)");
  EXPECT_EQ(text_of("relu(A[i,j] x[j] + x[i]) -> i"), "relu(einsum('ij,j->i', A, x) + x)");
  EXPECT_EQ(text_of("2 (x[i] + x[i]) -> i"), "2 * (x + x)");
}

TEST(DiagramEinsum, NestsGroupsAndGivesBuiltInTensorsTheirSizes) {
  const auto text_of = [](const std::string& text) {
    return einsum_text(
        parse("tensor A[i:3,j:4], B[j:4,k:5], x[k:5] diagram d: " + text, "'t'").diagrams[0]);
  };
  EXPECT_EQ(text_of("A[i,j] {B[j,k] x[k]} = {A[i,j] {B[j,k]}} x[k] -> i"),
            "einsum('ij,j->i', A, einsum('jk,k->j', B, x))\n"
            "= einsum('ik,k->i', einsum('ij,jk->ik', A, B), x)");
  EXPECT_EQ(text_of("A[i,j] copy[j,a,b] id[a,e] ones[b] -> i, e"),
            "einsum('ij,jab,ae,b->ie', A, copy(4, 4, 4), eye(4), ones(4))");
  EXPECT_EQ(text_of("A[i,j] fuse[i,j;p] -> p"), "einsum('ij,ijp->p', A, fuse(3, 4))");
}

}  // namespace
}  // namespace ranklens::tn::diagram
