#include <cmath>
#include <string>

#include <ATen/ops/einsum.h>
#include <ATen/ops/matmul.h>

#include "ranklens/tn/diagram/book/factors.h"
#include "ranklens/tn/diagram/book/learning.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;

constexpr double kStep = 0.1;

/// The train [5, 3, 5] of the cores W1, W2, W3.
Tensor point(const Tensor& w1, const Tensor& w2, const Tensor& w3) {
  return at::einsum("ia,ajb,bk->ijk", {w1, w2, w3});
}
Tensor point_of(const Values& v) { return point(v.at("W1"), v.at("W2"), v.at("W3")); }
Tensor point_of(const Given& t) { return point(t("W1"), t("W2"), t("W3")); }

/// The cores of W from both sides: A1, A2 isometries from the left, B2, B3 from the right.
void put_frames(Values& v) {
  const Tensor w = point_of(v);
  const auto left = left_cores(w, 2), back = left_cores(w.permute({2, 1, 0}), 2);
  v["A1"] = left[0];
  v["A2"] = left[1];
  v["B3"] = back[0];
  v["B2"] = back[1].permute({1, 0, 2}).contiguous();
}

/// The cores that vary: of Z, seen from the other cores, what those to their right cannot say.
void put_varied(Values& v, const Tensor& z) {
  const Tensor right = at::einsum("jba,kb->jka", {v["B2"], v["B3"]});
  const Tensor first = at::einsum("ijk,jka->ia", {z, right});
  v["G1"] = first - v["A1"].matmul(v["A1"].t().matmul(first));
  const Tensor second = at::einsum("ia,ijk,kb->ajb", {v["A1"], z, v["B3"]}).reshape({6, 2});
  const Tensor a2 = v["A2"].reshape({6, 2});
  v["G2"] = (second - a2.matmul(a2.t().matmul(second))).reshape({2, 3, 2});
  v["G3"] = at::einsum("ia,ajb,ijk->bk", {v["A1"], v["A2"], z});
}

void put_tangent(Values& v) {
  put_frames(v);
  put_varied(v, v["Z"]);
}

/// On the matrix [75, 75] of all legs: the columns of the cores A to the left of a cut, by loops.
Tensor left_projector(const Given& t, int cores) {
  return each({5, 3, 5, 5, 3, 5},
              [&](Index s) {
                if (s[2] != s[5] || (cores == 1 && s[1] != s[4])) return Number(0);
                if (cores == 1)
                  return sum({2},
                             [&](Index r) { return t("A1", s[0], r[0]) * t("A1", s[3], r[0]); });
                return sum({2, 2, 2}, [&](Index r) {
                  return t("A1", s[0], r[0]) * t("A2", r[0], s[1], r[2]) * t("A1", s[3], r[1]) *
                         t("A2", r[1], s[4], r[2]);
                });
              })
      .reshape({75, 75});
}

/// The rows of the cores B to the right of a cut.
Tensor right_projector(const Given& t, int cores) {
  return each({5, 3, 5, 5, 3, 5},
              [&](Index s) {
                if (s[0] != s[3] || (cores == 1 && s[1] != s[4])) return Number(0);
                if (cores == 1)
                  return sum({2},
                             [&](Index r) { return t("B3", s[2], r[0]) * t("B3", s[5], r[0]); });
                return sum({2, 2, 2}, [&](Index r) {
                  return t("B3", s[2], r[0]) * t("B2", s[1], r[0], r[2]) * t("B3", s[5], r[1]) *
                         t("B2", s[4], r[1], r[2]);
                });
              })
      .reshape({75, 75});
}

/// Lubich, Oseledets and Vandereycken 2015, theorem 3.1.
Tensor tangent_projector(const Given& t) {
  const Tensor left1 = left_projector(t, 1), left2 = left_projector(t, 2),
               right2 = right_projector(t, 2), right1 = right_projector(t, 1);
  return right2 - left1.matmul(right2) + left1.matmul(right1) - left2.matmul(right1) + left2;
}

std::vector<Fact> tangent_facts(const Given& t, const Tensor& drawn) {
  const Tensor p = tangent_projector(t), w = point_of(t), apart = t("Z") - drawn;
  return {{"P keeps as many dimensions as such trains have, Σ r n r′ − Σ r² = 32 − 8",
           p.trace().item<double>(), 24},
          {"W itself lies in its tangent space: ‖P(W) − W‖",
           frobenius(p.matmul(w.reshape({75})) - w.reshape({75})), 1e-11, true},
          {"what is left out is orthogonal to what is kept",
           std::abs((apart * drawn).sum().item<double>()), 1e-11, true}};
}

/// W − λ P(Z), from the cores.
Tensor stepped(const Values& v) {
  return point_of(v) - kStep * (at::einsum("ia,jba,kb->ijk", {v.at("G1"), v.at("B2"), v.at("B3")}) +
                                at::einsum("ia,ajb,kb->ijk", {v.at("A1"), v.at("G2"), v.at("B3")}) +
                                at::einsum("ia,ajb,bk->ijk", {v.at("A1"), v.at("A2"), v.at("G3")}));
}

void put_retracted(Values& v) {
  put_frames(v);
  put_varied(v, point_of(v) - v["T"]);
  const auto cores = left_cores(stepped(v), 2);
  for (std::size_t k = 0; k < cores.size(); ++k) v["X" + std::to_string(k + 1)] = cores[k];
}

std::vector<Fact> retraction_facts(const Given& t, const Tensor& drawn) {
  const Tensor w = point_of(t), z = (w - t("T")).reshape({75});
  const Tensor step = w - kStep * tangent_projector(t).matmul(z).reshape({5, 3, 5});
  std::vector<double> discarded;
  left_cores(step, 2, &discarded);
  const auto fifth = [&](const std::vector<std::int64_t>& legs) {
    return frobenius(svd(unfolding(step, legs)).s.narrow(0, 4, 1));
  };
  return {{"the step at most doubles the ranks: the fifth singular value of the first cut is 0",
           fifth({0}), 1e-11, true},
          {"and so is that of the second cut", fifth({0, 1}), 1e-11, true},
          {"the retraction loses √(Σ of the squares of what each SVD left out)",
           frobenius(step - drawn), root_of_squares(discarded)},
          {"f(W) = ½ ‖W − T‖² falls", 0.5 * std::pow(frobenius(drawn - t("T")), 2),
           0.5 * std::pow(frobenius(w - t("T")), 2), true, -1e-3}};
}

}  // namespace

std::vector<Item> descent_on_trains() {
  return {
      {.id = "tangent-train",
       .title = "Riemannian descent on a train: the tangent space",
       .text =
           "W is a train of three cores, once with isometries from the left (A) and once from the "
           "right (B). A small change that keeps its ranks changes one core at a time, with A to "
           "its left and B to its right: the tangent space is the sum of three such trains. The "
           "changed cores G make it the projection of a gradient Z: G1 and G2 are what the other "
           "cores let through of Z, less what a later core can say as well, and G3 takes the "
           "rest. In the second way `tangent_projector` is the formula of the projector, "
           "multiplied out from A and B by loops.",
       .formula = "P(Z) = G_{1} B_{2} B_{3} + A_{1} G_{2} B_{3} + A_{1} A_{2} G_{3} = (P_{≥2} − "
                  "P_{≤1} P_{≥2} + P_{≤1} P_{≥3} − P_{≤2} P_{≥3} + P_{≤2}) Z",
       .source = "size i=5, j=3, k=5, a=2, b=2\n"
                 "tensor W1[i,a], W2[a,j,b], W3[b,k], Z[i,j,k], G1[i,a], G2[a,j,b], G3[b,k]\n"
                 "isometry A1[i; a], A2[a,j; b], B2[j,b; a], B3[k; b]\n"
                 "diagram d: G1[i,a] B2[j,b,a] B3[k,b] + A1[i,a] G2[a,j,b] B3[k,b]\n"
                 "  + A1[i,a] A2[a,j,b] G3[b,k] -> i down, j down, k down",
       .prepare = put_tangent,
       RANKLENS_BOOK_SECOND(
           at::matmul(tangent_projector(t), t("Z").reshape({75})).reshape({5, 3, 5})),
       .facts = tangent_facts},
      {.id = "retraction-train",
       .title = "Riemannian descent on a train: the step and its retraction",
       .text = "The gradient of half the squared distance to T is Z = W − T. A step against its "
               "projection leads to a train of at most twice the ranks; SVDs from the left, the "
               "retraction R, lead back. Drawn is the new W, nearer to T and of the old ranks.",
       .formula = "X_{1} X_{2} X_{3} = R(W − λ P(W − T)), λ = 0.1",
       .source = "size i=5, j=3, k=5, a=2, b=2, p=2, q=2\n"
                 "tensor W1[i,a], W2[a,j,b], W3[b,k], T[i,j,k], X3[q,k]\n"
                 "tensor G1[i,a], G2[a,j,b], G3[b,k]\n"
                 "isometry A1[i; a], A2[a,j; b], B2[j,b; a], B3[k; b], X1[i; p], X2[p,j; q]\n"
                 "diagram d: X1[i,p] X2[p,j,q] X3[q,k] -> i down, j down, k down",
       .prepare = put_retracted,
       RANKLENS_BOOK_SECOND(each({5, 3, 5},
                                 [&](Index o) {
                                   return sum({2, 2}, [&](Index r) {
                                     return t("X1", o[0], r[0]) * t("X2", r[0], o[1], r[1]) *
                                            t("X3", r[1], o[2]);
                                   });
                                 })),
       .facts = retraction_facts},
  };
}

}  // namespace ranklens::tn::diagram::book
