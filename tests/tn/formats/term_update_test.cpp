#include "ranklens/tn/formats/term_update.h"

#include <ATen/ops/mm.h>
#include <gtest/gtest.h>

#include "ranklens/tn/linalg/numbers.h"

#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::relative;

void expect_same(const TermUpdate& found, const TermUpdate& expected) {
  EXPECT_LT(relative(found.rows, expected.rows), 1e-12);
  EXPECT_LT(relative(found.gram, expected.gram), 1e-12);
  EXPECT_LT(relative(found.lengths, expected.lengths), 1e-12);
  EXPECT_NEAR(found.inner, expected.inner, 1e-12 * std::abs(expected.inner));
  EXPECT_NEAR(found.own_squared, expected.own_squared, 1e-12 * expected.own_squared);
  EXPECT_NEAR(found.ridge, expected.ridge, 1e-9 * expected.ridge);
  EXPECT_EQ(found.rank, expected.rank);
}

TEST(TermUpdate, LoopsGiveWhatOperatorsGive) {
  for (const std::int64_t terms : {1, 2, 10, 33, 70}) {
    for (const std::int64_t n : {1, 7, 64, 101}) {
      const auto a = drawn({2 * terms + 3, terms}, "a", at::kDouble),
                 b = drawn({2 * terms + 3, n}, "b", at::kDouble);
      const auto gram = at::mm(a.t(), a), right = at::mm(a.t(), b);
      const auto before = drawn({terms, n}, "before", at::kDouble);
      const auto found = update_terms(gram, right, before);
      expect_same(found, update_terms_by_operators(gram, right, before));
      // Of the normal equations themselves: rows times lengths solve them.
      const auto x = found.rows * found.lengths.unsqueeze(1);
      EXPECT_LT(relative(at::mm(gram, x), right), 1e-10);
      EXPECT_NEAR(found.own_squared, found.inner, 1e-9 * found.inner);
    }
  }
}

TEST(TermUpdate, LeavesSingularSystemsAndActiveBoundsToThePivotsAndTheRidge) {
  const auto a = drawn({9, 4}, "a", at::kDouble), b = drawn({9, 3}, "b", at::kDouble);
  const auto gram = at::mm(a.t(), a), right = at::mm(a.t(), b);
  const auto before = drawn({4, 3}, "before", at::kDouble);
  const double free = frobenius(solve_normal(gram, right).x);
  const auto bounded = update_terms(gram, right, before, {.largest_norm = free / 3});
  EXPECT_GT(bounded.ridge, 0);
  EXPECT_NEAR(frobenius(bounded.lengths), free / 3, 1e-9 * free);
  // The bound is that of the whole: it binds here although every row is within it.
  EXPECT_GT(update_terms(gram, right, before, {.largest_norm = free * 0.999}).ridge, 0);
  EXPECT_EQ(update_terms(gram, right, before, {.largest_norm = free * 1.001}).ridge, 0);

  // Rows a thousandth apart: independent, unless that is below what is resolved.
  auto near = a.clone();
  near.select(1, 3).copy_(a.select(1, 1) + 1e-3 * a.select(1, 3));
  const auto close = at::mm(near.t(), near), given = at::mm(near.t(), b);
  EXPECT_EQ(update_terms(close, given, before, {.resolution = 1e-14}).rank, 4);
  EXPECT_EQ(update_terms(close, given, before, {.resolution = 1e-4}).rank, 3);

  auto twice = a.clone();
  twice.select(1, 3).copy_(a.select(1, 1));
  const auto options = NormalOptions{.resolution = 1e-12};
  const auto singular = at::mm(twice.t(), twice);
  const auto found = update_terms(singular, at::mm(twice.t(), b), before, options);
  EXPECT_EQ(found.rank, 3);
  // The term that was left out keeps its direction.
  const auto kept = (found.lengths == 0).nonzero().item<std::int64_t>();
  EXPECT_EQ(relative(found.rows[kept], before[kept]), 0);
}

}  // namespace
}  // namespace ranklens::tn
