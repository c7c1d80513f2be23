#include <cmath>

#include <ATen/ops/diag_embed.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/real.h>

#include "ranklens/tn/diagram/book/factors.h"
#include "ranklens/tn/diagram/book/item.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;

void put_svd(Values& v, std::int64_t rank) {
  const Svd factors = svd(v["M"], rank);
  v["U"] = factors.u;
  v["V"] = factors.v;
  v["D"] = at::diag_embed(factors.s).to(factors.u.scalar_type());
}

void put_full_svd(Values& v) {
  const auto [u, s, vh] = at::linalg_svd(v["M"], true);
  v["U"] = u;
  v["V"] = vh.mH().resolve_conj();
  v["S"] = v["S"].zero_();
  v["S"].diagonal().copy_(s);
}

void put_svd_vector(Values& v) {
  const Svd factors = svd(v["M"]);
  v["U"] = factors.u;
  v["V"] = factors.v;
  v["s"] = factors.s;
}

/// The two terms of the largest singular values, each with its vectors.
void put_svd_terms(Values& v) {
  const Svd factors = svd(v["A"].matmul(v["B"]));
  v["M"] = v["A"].matmul(v["B"]);
  for (std::int64_t k = 0; k < 2; ++k) {
    const std::string n = std::to_string(k + 1);
    v["σ" + n] = factors.s[k];
    v["u" + n] = factors.u.select(1, k).contiguous();
    v["v" + n] = factors.v.select(1, k).contiguous();
  }
}

std::vector<Fact> eckart_young(const Given& t, const Tensor& drawn) {
  const Svd all = svd(t("M"));
  const std::int64_t kept = t("D").size(0);
  const double left_out = frobenius(all.s.narrow(0, kept, all.s.size(0) - kept));
  const double spectral = svd(t("M") - drawn).s[0].item<double>();
  // Any other matrix of that rank is worse: here one from a QR decomposition.
  const auto [q, r] = at::linalg_qr(t("M"));
  const Tensor other = at::matmul(q.narrow(1, 0, kept), r.narrow(0, 0, kept));
  return {
      {"‖M − M_{r}‖ = √(Σ of the squares of the left out σ)", frobenius(t("M") - drawn), left_out},
      {"in the spectral norm it is the first σ that is left out", spectral,
       all.s[kept].item<double>()},
      {"truncated QR of the same rank is no better", left_out, frobenius(t("M") - other), true}};
}

std::vector<Item> svd_items() {
  return {
      {.id = "svd-full",
       .title = "Singular value decomposition (SVD), full",
       .text = "A matrix is a unitary, a rectangular diagonal matrix, and another unitary.",
       .formula = "M = U S V^{†}",
       .source = "complex tensor M[i:3, j:5], S[r:3, s:5] unitary U[i:3; r:3], V[j:5; s:5]\n"
                 "diagram d: M[i,j] = U[i,r] S[r,s] V*[j,s] -> i, j",
       .prepare = put_full_svd,
       RANKLENS_BOOK_SECOND(each({3, 5},
                                 [&](Index o) {
                                   return sum({3}, [&](Index r) {
                                     return t("U", o[0], r[0]) * t("S", r[0], r[0]) *
                                            std::conj(t("V", o[1], r[0]));
                                   });
                                 }))},
      {.id = "svd-thin",
       .title = "Singular value decomposition (SVD), thin",
       .text = "Only the vectors that belong to singular values are kept: two isometries, whose "
               "points show to the thin legs in the middle, and a diagonal matrix.",
       .formula = "M = U D V^{†}",
       .source =
           "complex tensor M[i:5, j:4] isometry U[i:5; r:4], V[j:4; s:4] diagonal D[r:4, s:4]\n"
           "diagram d: M[i,j] = U[i,r] D[r,s] V*[j,s] -> i, j",
       .prepare = [](Values& v) { put_svd(v, -1); },
       RANKLENS_BOOK_SECOND(each({5, 4},
                                 [&](Index o) {
                                   return sum({4}, [&](Index r) {
                                     return t("U", o[0], r[0]) * t("D", r[0], r[0]) *
                                            std::conj(t("V", o[1], r[0]));
                                   });
                                 }))},
      {.id = "svd-truncated",
       .title = "Truncated SVD: the best approximation",
       .text =
           "Cut the middle leg to the largest singular values. No matrix of that rank is nearer "
           "(Eckart and Young 1936); the squared error is the sum of the squares of the values "
           "that are left out.",
       .formula = "‖M − U_{r} D_{r} V_{r}^{†}‖² = Σ_{k>r} σ_{k}²",
       .source = "tensor M[i:6, j:5] isometry U[i:6; r:2], V[j:5; s:2] diagonal D[r:2, s:2]\n"
                 "diagram d: U[i,r] D[r,s] V*[j,s] -> i, j",
       .prepare = [](Values& v) { put_svd(v, 2); },
       RANKLENS_BOOK_SECOND(each({6, 5},
                                 [&](Index o) {
                                   return sum({2}, [&](Index r) {
                                     return t("U", o[0], r[0]) * t("D", r[0], r[0]) *
                                            t("V", o[1], r[0]);
                                   });
                                 })),
       .facts = eckart_young},
      {.id = "svd-sum",
       .title = "SVD as a sum of outer products",
       .text = "A matrix of rank two is two outer products, the larger first.",
       .formula = "M = σ_{1} u_{1} v_{1}^{T} + σ_{2} u_{2} v_{2}^{T}",
       .source = "tensor A[i:4, r:2], B[r:2, j:5], M[i:4, j:5], σ1[], σ2[]\n"
                 "tensor u1[i:4], u2[i:4], v1[j:5], v2[j:5]\n"
                 "diagram d: M[i,j] = u1[i] σ1[] v1[j] + u2[i] σ2[] v2[j] -> i, j",
       .prepare = put_svd_terms,
       RANKLENS_BOOK_SECOND(t("σ1") * at::outer(t("u1"), t("v1")) +
                            t("σ2") * at::outer(t("u2"), t("v2")))},
      {.id = "svd-copy",
       .title = "SVD through a dot",
       .text = "The singular values are a vector; a dot joins it to both isometries.",
       .formula = "M_{ij} = Σ_{a} U_{ia} s_{a} V_{ja}^{*}",
       .source =
           "tensor M[i:5, j:4], s[r:4] isometry U[i:5; r:4], V[j:4; r:4]\n"
           "diagram d: M[i,j] = U[i,a]@(0,0) copy[a,b,c]@(1,0) V*[j,c]@(2,0) s[b]@(1,1) -> i, j",
       .prepare = put_svd_vector,
       RANKLENS_BOOK_SECOND(at::matmul(t("U") * t("s"), t("V").t()))},
  };
}

void put_eigen(Values& v) {
  v["H"] = (v["B"] + v["B"].mH()) / 2;
  const auto [values, vectors] = at::linalg_eigh(v["H"]);
  v["Q"] = vectors;
  v["Λ"] = at::diag_embed(values).to(vectors.scalar_type());
}

void put_qr(Values& v) { std::tie(v["Q"], v["R"]) = at::linalg_qr(v["M"]); }

void put_polar(Values& v) {
  const Svd f = svd(v["M"]);
  v["W"] = at::matmul(f.u, f.v.mH());
  v["P"] = at::matmul(f.v * f.s, f.v.mH());
}

/// SVDs of a tensor of three legs, each leg against the other two.
void put_bipartitions(Values& v) {
  for (std::int64_t leg = 0; leg < 3; ++leg) {
    const Svd f = svd(unfolding(v["T"], {leg}));
    const std::string n = std::to_string(leg + 1);
    const std::int64_t a = leg == 0 ? 1 : 0, b = leg == 2 ? 1 : 2;
    v["U" + n] = f.u;
    v["D" + n] = at::diag_embed(f.s);
    v["V" + n] = f.v.reshape({v["T"].size(a), v["T"].size(b), -1});
  }
}

std::vector<Fact> eigen_facts(const Given& t, const Tensor&) {
  return {{"the trace is the sum of the eigenvalues", at::real(t("H").trace()).item<double>(),
           at::real(t("Λ").trace()).item<double>()}};
}

std::vector<Item> other_items() {
  return {
      {.id = "eigen",
       .title = "Eigendecomposition",
       .text = "A Hermitian matrix is diagonal between a unitary and its adjoint.",
       .formula = "H = Q Λ Q^{†}",
       .source =
           "complex tensor H[i:4, j:4], B[i:4, j:4] unitary Q[i:4; a:4] diagonal Λ[a:4, b:4]\n"
           "diagram d: H[i,j] = Q[i,a] Λ[a,b] Q*[j,b] -> i, j",
       .prepare = put_eigen,
       RANKLENS_BOOK_SECOND(each({4, 4},
                                 [&](Index o) {
                                   return sum({4}, [&](Index a) {
                                     return t("Q", o[0], a[0]) * t("Λ", a[0], a[0]) *
                                            std::conj(t("Q", o[1], a[0]));
                                   });
                                 })),
       .facts = eigen_facts},
      {.id = "qr",
       .title = "QR decomposition",
       .text = "An isometry and a triangular matrix: the cheap way to an isometry.",
       .formula = "M = Q R",
       .source = "tensor M[i:5, j:3], R[a:3, j:3] isometry Q[i:5; a:3]\n"
                 "diagram d: M[i,j] = Q[i,a] R[a,j] -> i, j",
       .prepare = put_qr,
       RANKLENS_BOOK_SECOND(each({5, 3},
                                 [&](Index o) {
                                   return sum({o[1] + 1}, [&](Index a) {
                                     return t("Q", o[0], a[0]) * t("R", a[0], o[1]);
                                   });
                                 }))},
      {.id = "polar",
       .title = "Polar decomposition",
       .text = "An isometry and a positive matrix: a rotation, and a stretching.",
       .formula = "M = W P",
       .source = "complex tensor M[i:5, j:3] isometry W[i:5; a:3] positive P[a:3; j:3]\n"
                 "diagram d: M[i,j] = W[i,a] P[a,j] -> i, j",
       .prepare = put_polar,
       RANKLENS_BOOK_SECOND(at::matmul(t("W"), t("P")))},
      {.id = "svd-bipartitions",
       .title = "SVD over every bipartition of the legs",
       .text = "Group the legs of a tensor in two, take the SVD of that matrix, and split the legs "
               "again. A tensor of three legs can be cut in three ways.",
       .formula = "T_{ijk} = Σ_{a} U_{1,ia} D_{1,aa} V_{1,jka}^{*} = Σ_{b} U_{2,jb} D_{2,bb} "
                  "V_{2,ikb}^{*} = Σ_{c} U_{3,kc} D_{3,cc} V_{3,ijc}^{*}",
       .source = "size i=3, j=4, k=2 tensor T[i,j,k]\n"
                 "isometry U1[i; a:3], V1[j,k; a:3], U2[j; b:4], V2[i,k; b:4]\n"
                 "isometry U3[k; c:2], V3[i,j; c:2]\n"
                 "diagonal D1[a:3,e:3], D2[b:4,e:4], D3[c:2,e:2]\n"
                 "diagram d: T[i,j,k] = U1[i,a] D1[a,e] V1*[j,k,e]\n"
                 "  = U2[j,b] D2[b,f] V2*[i,k,f] = U3[k,c] D3[c,g] V3*[i,j,g] -> i, j, k",
       .prepare = put_bipartitions,
       RANKLENS_BOOK_SECOND(each({3, 4, 2},
                                 [&](Index o) {
                                   return sum({3}, [&](Index a) {
                                     return t("U1", o[0], a[0]) * t("D1", a[0], a[0]) *
                                            t("V1", o[1], o[2], a[0]);
                                   });
                                 }))},
  };
}

}  // namespace

Group matrix_decompositions() {
  Group group{"Decompositions of matrices",
              "Cutting a tensor in two: the new leg in the middle is the rank.", svd_items()};
  for (const Item& item : other_items()) group.items.push_back(item);
  return group;
}

}  // namespace ranklens::tn::diagram::book
