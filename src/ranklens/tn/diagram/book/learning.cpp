#include "ranklens/tn/diagram/book/learning.h"

#include <ATen/ops/einsum.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "ranklens/tn/diagram/book/factors.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;

/// The operator as a matrix [32, 32] of three sites (of 4, 2 and 4 states), by loops.
Tensor dense_operator(const Given& t) {
  return each({4, 2, 4, 4, 2, 4},
              [&](Index s) {
                return sum({3, 3}, [&](Index w) {
                  return t("O1", s[0], s[3], w[0]) * t("O2", w[0], s[1], s[4], w[1]) *
                         t("O3", w[1], s[2], s[5]);
                });
              })
      .reshape({32, 32});
}

/// Columns: the states that the outer cores make of the indices of the middle one.
Tensor frame(const Given& t) {
  return each({4, 2, 4, 2, 2, 2},
              [&](Index s) { return t("A", s[0], s[3]) * equal(s[1], s[4]) * t("B", s[2], s[5]); })
      .reshape({32, 8});
}

/// The transverse-field Ising chain of five spins in bonds of 3: field on each, coupling of
/// neighbours. The outer sites hold two spins each.
void put_ising(Values& v) {
  const Tensor one = at::eye(2, at::kDouble), none = 0 * one;
  const Tensor x = at::tensor({0.0, 1.0, 1.0, 0.0}, at::kDouble).reshape({2, 2});
  const Tensor z = at::tensor({1.0, 0.0, 0.0, -1.0}, at::kDouble).reshape({2, 2});
  const Tensor field = -0.7 * x;
  const Tensor begin = at::stack({one, -1 * z, field}, 2), end = at::stack({field, z, one}, 0);
  v["O2"] = at::stack({begin, at::stack({none, none, z}, 2), at::stack({none, none, one}, 2)}, 0);
  v["O1"] = at::einsum("ixw,wjyv->ijxyv", {begin, v["O2"]}).reshape({4, 4, 3});
  v["O3"] = at::einsum("wjyv,vkz->wjkyz", {v["O2"], end}).reshape({3, 4, 4});
}

std::vector<Fact> dmrg_facts(const Given& t, const Tensor& drawn) {
  const Tensor whole = dense_operator(t), p = frame(t);
  const Tensor effective = at::matmul(p.t(), at::matmul(whole, p));
  const double before =
      (drawn * t("C")).sum().item<double>() / t("C").square().sum().item<double>();
  const double after = std::get<0>(at::linalg_eigh(effective))[0].item<double>();
  const double lowest = std::get<0>(at::linalg_eigh(whole))[0].item<double>();
  return {{"the energy does not rise: after the step ≤ before", after, before, true},
          {"and stays above the lowest eigenvalue of H, which lies outside the frames", lowest,
           after, true, -1e-3},
          {"the frames leave 8 of 32 dimensions: tr P P^{†}",
           at::matmul(p, p.t()).trace().item<double>(), 8}};
}

std::vector<Item> steps() {
  return {
      {.id = "dmrg",
       .title = "DMRG step",
       .text =
           "All cores but one are frozen. What is left around the middle core, the operator "
           "between two frames of triangles, is a small matrix, 8 x 8 instead of 32 x 32: its "
           "lowest eigenvector is the new core. The drawing is that matrix applied to the core C, "
           "here for the transverse-field Ising chain of five spins, two of them in each outer "
           "site. In the second way `dense_operator` is H and `frame` is P, both written out by "
           "loops.",
       .formula = "H_{eff} C = P^{†} H P C, P = A ⊗ 1 ⊗ B",
       .source = "isometry A[i:4; a:2], B[k:4; b:2] tensor C[a:2, j:2, b:2]\n"
                 "tensor O1[i:4, x:4, w:3], O2[w:3, j:2, y:2, v:3], O3[v:3, k:4, z:4]\n"
                 "diagram d: A*[i,e]@(0,0) B*[k,g]@(2,0) O1[i,x,w]@(0,1) O2[w,f,y,v]@(1,1)\n"
                 "  O3[v,k,z]@(2,1) A[x,a]@(0,2) C[a,y,b]@(1,2) B[z,b]@(2,2)\n"
                 "  -> e right, f up, g left",
       .prepare = put_ising,
       RANKLENS_BOOK_SECOND(
           at::matmul(frame(t).t(),
                      at::matmul(dense_operator(t), at::matmul(frame(t), t("C").reshape({8}))))
               .reshape({2, 2, 2})),
       .facts = dmrg_facts},
      {.id = "tangent",
       .title = "Riemannian descent: projection on the tangent space",
       .text =
           "W = U S Vᵀ is a matrix of rank 2. Of a gradient Z only what a matrix of that rank "
           "can follow is kept: what lies in the columns of U or in the rows of V. What lies in "
           "both is in both first terms, so that it is taken off once.",
       .formula = "P(Z) = U U^{T} Z + Z V V^{T} − U U^{T} Z V V^{T}",
       .source = "isometry U[i:6; r:2], V[j:5; s:2] tensor Z[i:6, j:5]\n"
                 "diagram d: U[i,r] U[k,r] Z[k,j] + Z[i,l] V[l,s] V[j,s]\n"
                 "  - U[i,r] U[k,r] Z[k,l] V[l,s] V[j,s] -> i, j",
       RANKLENS_BOOK_SECOND(t("Z") -
                            at::matmul(at::eye(6, at::kDouble) - at::matmul(t("U"), t("U").t()),
                                       at::matmul(t("Z"), at::eye(5, at::kDouble) -
                                                              at::matmul(t("V"), t("V").t())))),
       .facts =
           [](const Given& t, const Tensor& drawn) {
             const Tensor apart = t("Z") - drawn;
             return std::vector<Fact>{{"what is left out is orthogonal to what is kept",
                                       std::abs((apart * drawn).sum().item<double>()), 1e-12,
                                       true}};
           }},
      {.id = "retraction",
       .title = "Riemannian descent: the step and its retraction",
       .text = "A step along the tangent space at most doubles the rank; a truncated SVD, the "
               "retraction R, leads back to the matrices of the old rank. Drawn is the new W: "
               "triangles and the diagonal matrix are those of the truncated SVD.",
       .formula = "X D Y^{T} = R(W − λ P(Z)), W = U S V^{T}, λ = 0.1",
       .source = "isometry U[i:6; r:2], V[j:5; s:2], X[i:6; p:2], Y[j:5; q:2]\n"
                 "diagonal D[p:2, q:2] tensor S[r:2, s:2], Z[i:6, j:5]\n"
                 "diagram d: X[i,p] D[p,q] Y[j,q] -> i, j",
       .prepare =
           [](Values& v) {
             const Tensor uu = v["U"].matmul(v["U"].t()), vv = v["V"].matmul(v["V"].t());
             const Tensor p = uu.matmul(v["Z"]) + v["Z"].matmul(vv) - uu.matmul(v["Z"]).matmul(vv);
             const Svd found = svd(v["U"].matmul(v["S"]).matmul(v["V"].t()) - 0.1 * p, 2);
             v["X"] = found.u;
             v["Y"] = found.v;
             v["D"] = found.s.diag_embed();
           },
       RANKLENS_BOOK_SECOND(each({6, 5},
                                 [&](Index o) {
                                   return sum({2}, [&](Index p) {
                                     return t("X", o[0], p[0]) * t("D", p[0], p[0]) *
                                            t("Y", o[1], p[0]);
                                   });
                                 })),
       .facts =
           [](const Given& t, const Tensor& drawn) {
             const Tensor uu = t("U").matmul(t("U").t()), vv = t("V").matmul(t("V").t());
             const Tensor p = uu.matmul(t("Z")) + t("Z").matmul(vv) - uu.matmul(t("Z")).matmul(vv);
             const Tensor step = t("U").matmul(t("S")).matmul(t("V").t()) - 0.1 * p;
             const Svd all = svd(step);
             return std::vector<Fact>{{"the rank of the step before the retraction is at most 4",
                                       frobenius(all.s.narrow(0, 4, 1)), 1e-12, true},
                                      {"the retraction loses the third and fourth singular value",
                                       frobenius(step - drawn), frobenius(all.s.narrow(0, 2, 2))}};
           }},
      {.id = "gradient",
       .title = "The gradient of a core",
       .text =
           "To differentiate a number by one of the tensors of its drawing, take that tensor out: "
           "what is left around it is the gradient, with the legs that the tensor had.",
       .formula = "∂(u^{T} A B v) / ∂A = u (B v)^{T}",
       .source = "tensor u[i:3], B[j:4, k:5], v[k:5] diagram d: u[i] {B[j,k] v[k]} -> i, j",
       RANKLENS_BOOK_SECOND(each({3, 4},
                                 [&](Index o) {
                                   return sum({3, 4, 5}, [&](Index s) {
                                     return t("u", s[0]) * equal(s[0], o[0]) * equal(s[1], o[1]) *
                                            t("B", s[1], s[2]) * t("v", s[2]);
                                   });
                                 }))},
  };
}

}  // namespace

Group learning() {
  auto items = steps();
  const auto trains = descent_on_trains();
  // Before the last, the gradient of a core.
  items.insert(items.end() - 1, trains.begin(), trains.end());
  return {"Learning with tensor networks",
          "Steps that keep the format: one core at a time, or along the tangent space.", items};
}

}  // namespace ranklens::tn::diagram::book
