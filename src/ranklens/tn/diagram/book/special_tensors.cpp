#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/linalg_matrix_rank.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "ranklens/tn/diagram/book/item.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram::book {
namespace {

std::vector<Item> fixed_tensors() {
  return {
      {.id = "identity",
       .title = "The identity is a bare line",
       .text = "A line without a tensor on it is the identity matrix.",
       .formula = "δ_{ij} = 1 if i = j, else 0",
       .source = "diagram d: id[i:4, j] -> i, j",
       RANKLENS_BOOK_SECOND(at::eye(4, at::kDouble))},
      {.id = "identity-unit",
       .title = "Multiplying by the identity",
       .text = "A line joined to a leg makes the leg longer and changes nothing.",
       .formula = "A 1 = A",
       .source = "tensor A[i:3, j:4] diagram d: A[i,a] id[a,j] = A[i,j] -> i, j",
       RANKLENS_BOOK_SECOND(each({3, 4},
                                 [&](Index o) {
                                   return sum({4}, [&](Index a) {
                                     return t("A", o[0], a[0]) * equal(a[0], o[1]);
                                   });
                                 }))},
      {.id = "loop",
       .title = "A closed line is the dimension",
       .text = "The trace of the identity counts the values of the index.",
       .formula = "Σ_{i} δ_{ii} = n",
       .source = "diagram d: id[i:5, i]",
       RANKLENS_BOOK_SECOND(each({}, [&](const Index&) { return 5; }))},
      {.id = "ones",
       .title = "Ones",
       .text =
           "An open dot is a tensor of ones: joined to a leg, it sums over it. A copy tensor with "
           "a single leg is the same.",
       .formula = "Σ_{j} A_{ij}",
       .source = "tensor A[i:3, j:4] diagram d: A[i,j] ones[j] = A[i,j] copy[j] -> i",
       RANKLENS_BOOK_SECOND(t("A").sum(1))},
      {.id = "zeros",
       .title = "Zeros",
       .text = "The tensor of zeros is the unit of sums.",
       .formula = "A + 0 = A",
       .source = "tensor A[i:3, j:4] diagram d: A[i,j] + zeros[i,j] = A[i,j] -> i, j",
       RANKLENS_BOOK_SECOND(t("A") + at::zeros({3, 4}, at::kDouble))},
      {.id = "delta-n",
       .title = "A dot with many legs",
       .text = "The copy tensor of order n joins n vectors into one sum of products.",
       .formula = "Σ_{i} u_{i} v_{i} w_{i} x_{i}",
       .source = "size i=4 tensor u[i], v[i], w[i], x[i]\n"
                 "diagram d: u[a] copy[a,b,c,e] v[b] w[c] x[e]",
       RANKLENS_BOOK_SECOND(each({},
                                 [&](const Index&) {
                                   return sum({4}, [&](Index i) {
                                     return t("u", i[0]) * t("v", i[0]) * t("w", i[0]) *
                                            t("x", i[0]);
                                   });
                                 }))},
      {.id = "copy-summed",
       .title = "A dot with a leg summed over",
       .text =
           "A tensor of ones takes one leg from a copy tensor: of three legs two are left, a bare "
           "line.",
       .formula = "Σ_{a} δ_{aij} 1_{j} x_{a} = x_{i}",
       .source = "tensor x[a:4] diagram d: x[a]@(0,0) copy[a,j,i]@(1,0) ones[j]@(1,0.8) = x[i] -> "
                 "i right",
       RANKLENS_BOOK_SECOND(t("x") * at::ones({4}, at::kDouble))},
  };
}

std::vector<Fact> projector_facts(const Given& t, const at::Tensor& drawn) {
  const double rank = static_cast<double>(at::linalg_matrix_rank(drawn).item<std::int64_t>());
  return {{"its rank is the size of the small leg", rank, static_cast<double>(t("U").size(1))},
          {"it is idempotent: ‖P P − P‖", frobenius(at::matmul(drawn, drawn) - drawn), 1e-12, true},
          {"its trace is its rank", drawn.trace().item<double>(), rank}};
}

std::vector<Fact> keeps_length(const Given& t, const at::Tensor& drawn) {
  return {{"the length stays: ‖V x‖ = ‖x‖", frobenius(drawn), frobenius(t("x"))}};
}

std::vector<Fact> positive_facts(const Given& t, const at::Tensor&) {
  return {{"its least eigenvalue is 0 or more, but for rounding", -1e-12,
           at::linalg_eigvalsh(t("P")).min().item<double>(), true}};
}

void make_square_root(Values& v) { v["P"] = at::matmul(v["B"], v["B"].mH()); }

std::vector<Item> isometries() {
  return {
      {.id = "isometry",
       .title = "Isometry: triangles cancel",
       .text = "A triangle keeps lengths on its way from the thin side, at its point, to the thick "
               "side. Two triangles that meet at their thick sides cancel to a line.",
       .formula = "U^{†} U = 1",
       .source = "complex isometry U[s:8; a:3]\n"
                 "diagram d: U*[s,a] U[s,b] = id[a,b] -> a, b",
       RANKLENS_BOOK_SECOND(at::eye(3, at::kDouble))},
      {.id = "isometry-length",
       .title = "An isometry keeps lengths",
       .text = "V joined to its own adjoint cancels, so that the norm of V x is that of x.",
       .formula = "‖V x‖ = ‖x‖",
       .source = "isometry V[s:6; a:3] tensor x[a:3] diagram d: V[s,a] x[a] -> s",
       RANKLENS_BOOK_SECOND(at::matmul(t("V"), t("x"))),
       .facts = keeps_length},
      {.id = "isometry-legs",
       .title = "Isometry of several legs",
       .text =
           "The thick side may be several legs: all of them are joined before the pair cancels.",
       .formula = "Σ_{st} W^{*}_{sta} W_{stb} = δ_{ab}",
       .source = "complex isometry W[s:3, t:2; a:4]\n"
                 "diagram d: W*[s,t,a] W[s,t,b] = id[a,b] -> a, b",
       RANKLENS_BOOK_SECOND(each({4, 4},
                                 [&](Index o) {
                                   return sum({3, 2}, [&](Index s) {
                                     return std::conj(t("W", s[0], s[1], o[0])) *
                                            t("W", s[0], s[1], o[1]);
                                   });
                                 }))},
      {.id = "unitary",
       .title = "Unitary: cancels on both sides",
       .text = "A square is a unitary: its adjoint cancels it whichever side they meet at.",
       .formula = "Q^{†} Q = 1",
       .source = "complex unitary Q[s:4; a:4] diagram d: Q*[s,a] Q[s,b] = id[a,b] -> a, b",
       RANKLENS_BOOK_SECOND(at::eye(4, at::kDouble))},
      {.id = "unitary-right",
       .title = "Unitary, from the other side",
       .text = "An isometry that is not square does not do this.",
       .formula = "Q Q^{†} = 1",
       .source = "complex unitary Q[s:4; a:4] diagram d: Q[i,a] Q*[j,a] = id[i,j] -> i, j",
       RANKLENS_BOOK_SECOND(at::matmul(t("Q"), t("Q").mH()))},
      {.id = "projector",
       .title = "Projector",
       .text = "Triangles that meet at their points do not cancel: they project on what the "
               "isometry reaches.",
       .formula = "P = U U^{†} = P²",
       .source = "isometry U[i:6; a:2]\n"
                 "diagram d: U[i,a] U*[j,a] = U[i,a] U*[s,a] U[s,b] U*[j,b] -> i, j",
       RANKLENS_BOOK_SECOND(at::matmul(t("U"), t("U").mH())),
       .facts = projector_facts},
  };
}

std::vector<Item> symmetries() {
  return {
      {.id = "symmetric",
       .title = "Symmetric tensor",
       .text =
           "A double outline: legs may be exchanged. The legs of the tensor are drawn from left "
           "to right; their names say which index each of them has.",
       .formula = "S_{ij} = S_{ji}",
       .source = "symmetric S[i:4, j:4] diagram d: S[i,j] = S[j,i] -> i down, j down",
       RANKLENS_BOOK_SECOND((t("S") + t("S").t()) / 2)},
      {.id = "antisymmetric",
       .title = "Antisymmetric tensor",
       .text =
           "A half dark shape: exchanging two legs changes the sign, exchanging twice does not.",
       .formula = "A_{ijk} = −A_{jik} = A_{jki}",
       .source = "antisymmetric A[i:3, j:3, k:3]\n"
                 "diagram d: A[i,j,k] = - A[j,i,k] = A[j,k,i] -> i down, j down, k down",
       RANKLENS_BOOK_SECOND(each({3, 3, 3},
                                 [&](Index i) {
                                   return t("A", 0, 1, 2) * double(i[0] - i[1]) *
                                          double(i[1] - i[2]) * double(i[2] - i[0]) / 2.0;
                                 }))},
      {.id = "positive",
       .title = "Positive semidefinite",
       .text = "A diamond is a matrix with a square root: a tensor joined to its own adjoint.",
       .formula = "P = B B^{†}, so that x^{†} P x = ‖B^{†} x‖² ≥ 0",
       .source = "complex positive P[i:4; j:4] tensor B[i:4, a:3]\n"
                 "diagram d: P[i,j] = B[i,a] B*[j,a] -> i, j",
       .prepare = make_square_root,
       RANKLENS_BOOK_SECOND(at::matmul(t("B"), t("B").mH())),
       .facts = positive_facts},
  };
}

}  // namespace

Group special_tensors() {
  Group group{"Special kinds of tensors", "The shape says what is known of the values.",
              fixed_tensors()};
  for (const Item& item : isometries()) group.items.push_back(item);
  for (const Item& item : symmetries()) group.items.push_back(item);
  return group;
}

}  // namespace ranklens::tn::diagram::book
