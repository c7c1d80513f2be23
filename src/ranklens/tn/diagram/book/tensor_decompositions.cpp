#include <cmath>
#include <numeric>

#include <ATen/ops/diag_embed.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/matmul.h>

#include "ranklens/tn/diagram/book/factors.h"
#include "ranklens/tn/diagram/book/item.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;
double root_of_squares(const std::vector<double>& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

/// T of rank 2 from hidden factors; the factors that ALS finds.
void put_cp(Values& v) {
  v["T"] = at::einsum("ir,jr,kr->ijk", {v["A"], v["B"], v["C"]});
  const auto found = cp(v["T"], 2);
  v["A"] = found[0].contiguous();
  v["B"] = found[1].contiguous();
  v["C"] = found[2].contiguous();
}

void put_tucker(Values& v, std::int64_t rank, int sweeps) {
  const Tucker found = tucker(v["T"], rank, sweeps);
  v["G"] = found.core;
  v["U"] = found.factors[0];
  v["V"] = found.factors[1];
  v["W"] = found.factors[2];
}

/// T with thin legs from hidden factors, and what the HOSVD finds.
void put_exact_tucker(Values& v) {
  v["T"] = at::einsum("abc,ia,jb,kc->ijk", {v["G"], v["U"], v["V"], v["W"]});
  put_tucker(v, 2, 0);
}

std::vector<Fact> hosvd_facts(const Given& t, const Tensor& drawn) {
  const Tucker found = tucker(t("T"), 2);
  const double bound = root_of_squares(found.discarded);
  const double error = norm(t("T") - drawn);
  const double whole = norm(t("T")), core = norm(tucker(t("T"), 2, 30).core);
  return {{"‖T − T_r‖ ≤ √(Σ over modes of the left out σ²)", error, bound, true},
          {"HOOI is no worse: √(‖T‖² − ‖G‖²) ≤ ‖T − T_r‖", std::sqrt(whole * whole - core * core),
           error, true}};
}

std::vector<Fact> hooi_facts(const Given& t, const Tensor& drawn) {
  const double whole = norm(t("T")), core = norm(t("G"));
  return {
      {"‖T − T_r‖² = ‖T‖² − ‖G‖²", std::pow(norm(t("T") - drawn), 2), whole * whole - core * core}};
}

std::vector<Item> sums_and_cores() {
  return {
      {.id = "cp",
       .title = "CP decomposition",
       .text =
           "A sum of outer products is one dot with a matrix on each leg. The factors were found "
           "by alternating least squares from a tensor whose rank is two.",
       .formula = "T_{ijk} = Σ_{r} A_{ir} B_{jr} C_{kr}",
       .source = "size i=4, j=5, k=3, r=2 tensor T[i,j,k], A[i,r], B[j,r], C[k,r]\n"
                 "diagram d: T[i,j,k] = A[i,a]@(0,0) copy[a,b,c]@(1,0) C[k,c]@(2,0) B[j,b]@(1,1)\n"
                 "  -> i left, j down, k right within 1e-7",
       .prepare = put_cp,
       RANKLENS_BOOK_SECOND(each({4, 5, 3},
                                 [&](Index o) {
                                   return sum({2}, [&](Index r) {
                                     return t("A", o[0], r[0]) * t("B", o[1], r[0]) *
                                            t("C", o[2], r[0]);
                                   });
                                 }))},
      {.id = "tucker",
       .title = "Tucker decomposition (HOSVD)",
       .text = "A core with a matrix on each leg; here each matrix is an isometry, the singular "
               "vectors of that leg against all others.",
       .formula = "T = G ×_{1} U ×_{2} V ×_{3} W",
       .source = "size i=4, j=3, k=5, a=2, b=2, c=2 tensor T[i,j,k], G[a,b,c]\n"
                 "isometry U[i; a], V[j; b], W[k; c]\n"
                 "diagram d: T[i,j,k] = U[i,a]@(0,0) G[a,b,c]@(1,0) W[k,c]@(2,0) V[j,b]@(1,1)\n"
                 "  -> i left, j down, k right",
       .prepare = put_exact_tucker,
       RANKLENS_BOOK_SECOND(each({4, 3, 5},
                                 [&](Index o) {
                                   return sum({2, 2, 2}, [&](Index a) {
                                     return t("G", a[0], a[1], a[2]) * t("U", o[0], a[0]) *
                                            t("V", o[1], a[1]) * t("W", o[2], a[2]);
                                   });
                                 }))},
      {.id = "hosvd-truncated",
       .title = "Truncated HOSVD and its error bound",
       .text = "Each thin leg is cut to two. The error is at most what all cuts left out, and at "
               "most √3 times that of the best core of this size.",
       .formula = "‖T − T_{r}‖² ≤ Σ_{modes} Σ_{k>r} σ_{k}²",
       .source = "size i=4, j=3, k=5, a=2, b=2, c=2 tensor T[i,j,k], G[a,b,c]\n"
                 "isometry U[i; a], V[j; b], W[k; c]\n"
                 "diagram d: U[i,a]@(0,0) G[a,b,c]@(1,0) W[k,c]@(2,0) V[j,b]@(1,1)\n"
                 "  -> i left, j down, k right",
       .prepare = [](Values& v) { put_tucker(v, 2, 0); },
       RANKLENS_BOOK_SECOND(each({4, 3, 5},
                                 [&](Index o) {
                                   return sum({2, 2, 2}, [&](Index a) {
                                     return t("G", a[0], a[1], a[2]) * t("U", o[0], a[0]) *
                                            t("V", o[1], a[1]) * t("W", o[2], a[2]);
                                   });
                                 })),
       .facts = hosvd_facts},
      {.id = "hooi",
       .title = "The core is the projected tensor (HOOI)",
       .text =
           "After sweeps of higher-order orthogonal iteration: the tensor projected on all three "
           "isometries. Triangles point at the core on both sides.",
       .formula = "T_{r} = T ×_{1} UU^{†} ×_{2} VV^{†} ×_{3} WW^{†}",
       .source = "size i=4, j=3, k=5, a=2, b=2, c=2 tensor T[i,j,k], G[a,b,c]\n"
                 "isometry U[i; a], V[j; b], W[k; c]\n"
                 "diagram d: U[i,a]@(0,0) G[a,b,c]@(1,0) W[k,c]@(2,0) V[j,b]@(1,1)\n"
                 "  = U[i,a]@(0,0) U*[x,a]@(1,0) T[x,y,z]@(2,0) W*[z,c]@(3,0) W[k,c]@(4,0)\n"
                 "    V*[y,b]@(2,1) V[j,b]@(2,2) -> i left, j down, k right",
       .prepare = [](Values& v) { put_tucker(v, 2, 30); },
       RANKLENS_BOOK_SECOND(
           at::matmul(at::matmul(t("U"), at::matmul(t("U").t(), t("T").reshape({4, 15})))
                          .reshape({4, 3, 5})
                          .transpose(1, 2),
                      at::matmul(t("V"), t("V").t()))
               .transpose(1, 2)
               .matmul(at::matmul(t("W"), t("W").t()))),
       .facts = hooi_facts},
  };
}

void put_left(Values& v) {
  const auto cores = left_cores(v["T"]);
  for (std::size_t k = 0; k < cores.size(); ++k) v["A" + std::to_string(k + 1)] = cores[k];
}

/// Cores of which the right ones are isometries have the leg to the left last, behind ';'.
void put_right(Values& v) {
  const auto cores = right_cores(v["T"]);
  v["B1"] = cores[0].contiguous();
  v["B2"] = cores[1].permute({1, 2, 0}).contiguous();
  v["B3"] = cores[2].permute({1, 2, 0}).contiguous();
  v["B4"] = cores[3].t().contiguous();
}

/// Isometries from both sides of the cut between the second and the third leg.
void put_mixed(Values& v) {
  const auto left = left_cores(v["T"]);
  const Tensor rest = at::einsum("bkc,cl->bkl", {left[2], left[3]});
  const Svd cut = svd(rest.reshape({6, 6}));
  v["A1"] = left[0];
  v["A2"] = at::matmul(left[1], cut.u);
  v["D"] = at::diag_embed(cut.s);
  const Svd last = svd(cut.v.t().reshape({18, 2}));
  v["B3"] = (last.u * last.s).reshape({6, 3, 2}).permute({1, 2, 0}).contiguous();
  v["B4"] = last.v;
}

std::vector<Fact> mixed_facts(const Given& t, const Tensor& drawn) {
  const Svd cut = svd(drawn.reshape({drawn.size(0) * drawn.size(1), -1}));
  return {{"the norm is that of the centre", norm(drawn), norm(t("D"))},
          {"the diagonal holds the singular values of the cut (largest)",
           t("D").diagonal()[0].item<double>(), cut.s[0].item<double>()}};
}

void put_truncated(Values& v) {
  const auto cores = left_cores(v["T"], 2);
  for (std::size_t k = 0; k < cores.size(); ++k) v["A" + std::to_string(k + 1)] = cores[k];
}

std::vector<Fact> truncated_facts(const Given& t, const Tensor& drawn) {
  std::vector<double> discarded;
  left_cores(t("T"), 2, &discarded);
  const double error = norm(t("T") - drawn);
  double worst = 0;
  for (const std::vector<std::int64_t>& legs : {std::vector<std::int64_t>{0}, {0, 1}}) {
    const Svd cut = svd(unfolding(t("T"), legs));
    worst = std::max(worst, norm(cut.s.narrow(0, 2, cut.s.size(0) - 2)));
  }
  return {{"‖T − T_r‖ = √(Σ of the squares of what each SVD left out)", error,
           root_of_squares(discarded)},
          {"no train of these ranks is nearer than the worst cut allows", worst, error, true}};
}

#define RANKLENS_BOOK_CHAIN(a, b, c, d)                                           \
  RANKLENS_BOOK_SECOND(each({3, 4, 3, 2}, [&](Index o) {                          \
    return sum({t(a).size(1), t(b).size(2), t(c).size(2)}, [&](Index r) {         \
      return t(a, o[0], r[0]) * t(b, r[0], o[1], r[1]) * t(c, r[1], o[2], r[2]) * \
             t(d, r[2], o[3]);                                                    \
    });                                                                           \
  }))

std::vector<Item> trains() {
  return {
      {.id = "mps-left",
       .title = "MPS or tensor train, left-canonical",
       .text = "Successive SVDs from the left cut off one leg at a time. Each core is an isometry "
               "that points to the rest; the last one carries the norm.",
       .formula = "T_{ijkl} = Σ_{abc} A_{1,ia} A_{2,ajb} A_{3,bkc} A_{4,cl}",
       .source = "size i=3, j=4, k=3, l=2, a=3, b=6, c=2 tensor T[i,j,k,l], A4[c,l]\n"
                 "isometry A1[i; a], A2[a,j; b], A3[b,k; c]\n"
                 "diagram d: T[i,j,k,l] = A1[i,a] A2[a,j,b] A3[b,k,c] A4[c,l]\n"
                 "  -> i down, j down, k down, l down",
       .prepare = put_left,
       RANKLENS_BOOK_CHAIN("A1", "A2", "A3", "A4")},
      {.id = "mps-right",
       .title = "MPS, right-canonical",
       .text =
           "The same from the right: triangles point to the left, and the first core carries the "
           "norm.",
       .formula = "T_{ijkl} = Σ_{abc} B_{1,ia} B_{2,ajb} B_{3,bkc} B_{4,cl}",
       .source = "size i=3, j=4, k=3, l=2, a=3, b=6, c=2 tensor T[i,j,k,l], B1[i,a]\n"
                 "isometry B2[j,b; a], B3[k,c; b], B4[l; c]\n"
                 "diagram d: T[i,j,k,l] = B1[i,a] B2[j,b,a] B3[k,c,b] B4[l,c]\n"
                 "  -> i down, j down, k down, l down",
       .prepare = put_right,
       RANKLENS_BOOK_SECOND(each({3, 4, 3, 2},
                                 [&](Index o) {
                                   return sum({3, 6, 2}, [&](Index r) {
                                     return t("B1", o[0], r[0]) * t("B2", o[1], r[1], r[0]) *
                                            t("B3", o[2], r[2], r[1]) * t("B4", o[3], r[2]);
                                   });
                                 }))},
      {.id = "mps-mixed",
       .title = "MPS, mixed canonical",
       .text =
           "Triangles from both sides point at a diagonal matrix: the singular values of the cut "
           "between the second leg and the third, the Schmidt values of physics.",
       .formula = "T = Σ_{b} σ_{b} L_{ij,b} R_{b,kl}",
       .source = "size i=3, j=4, k=3, l=2, a=3, b=6, c=2 tensor T[i,j,k,l] diagonal D[b, e:6]\n"
                 "isometry A1[i; a], A2[a,j; b], B3[k,c; b], B4[l; c]\n"
                 "diagram d: T[i,j,k,l] = A1[i,a] A2[a,j,b] D[b,e] B3[k,c,e] B4[l,c]\n"
                 "  -> i down, j down, k down, l down",
       .prepare = put_mixed,
       RANKLENS_BOOK_SECOND(each({3, 4, 3, 2},
                                 [&](Index o) {
                                   return sum({3, 6, 2}, [&](Index r) {
                                     return t("A1", o[0], r[0]) * t("A2", r[0], o[1], r[1]) *
                                            t("D", r[1], r[1]) * t("B3", o[2], r[2], r[1]) *
                                            t("B4", o[3], r[2]);
                                   });
                                 })),
       .facts = mixed_facts},
      {.id = "mps-truncated",
       .title = "Truncated MPS and its error",
       .text = "Every bond is cut to two. Errors of the cuts are orthogonal: their squares add up.",
       .formula = "‖T − T_{r}‖² = Σ_{cuts} ε_{k}² ≤ (d − 1) ‖T − T_{best}‖²",
       .source = "size i=3, j=4, k=3, l=2, a=2, b=2, c=2 tensor T[i,j,k,l], A4[c,l]\n"
                 "isometry A1[i; a], A2[a,j; b], A3[b,k; c]\n"
                 "diagram d: A1[i,a] A2[a,j,b] A3[b,k,c] A4[c,l] -> i down, j down, k down, l down",
       .prepare = put_truncated,
       RANKLENS_BOOK_CHAIN("A1", "A2", "A3", "A4"),
       .facts = truncated_facts},
  };
}

void put_operator(Values& v) {
  // From i1 i2 i3 j1 j2 j3 to (i1 j1) (i2 j2) (i3 j3): an operator is cut between pairs of legs.
  const Tensor paired = v["M"].permute({0, 3, 1, 4, 2, 5}).reshape({6, 6, 6});
  const auto cores = left_cores(paired);
  v["W1"] = cores[0].reshape({2, 3, 6});
  v["W2"] = cores[1].reshape({6, 2, 3, 6});
  v["W3"] = cores[2].reshape({6, 2, 3});
}

void put_gauge(Values& v) { v["Y"] = at::linalg_inv(v["X"]); }

/// A tensor of a small tree, and the tree that SVDs of its halves and legs give back.
void put_tree(Values& v) {
  v["T"] =
      at::einsum("ip,jq,pqa,rsa,kr,ls->ijkl", {v["U1"], v["U2"], v["L"], v["R"], v["U3"], v["U4"]});
  for (std::int64_t leg = 0; leg < 4; ++leg)
    v["U" + std::to_string(leg + 1)] = svd(unfolding(v["T"], {leg}), 2).u;
  const Tensor small =
      at::einsum("ijkl,ip,jq,kr,ls->pqrs", {v["T"], v["U1"], v["U2"], v["U3"], v["U4"]});
  const Svd cut = svd(small.reshape({4, 4}), 2);
  v["L"] = cut.u.reshape({2, 2, 2});
  v["R"] = at::matmul(cut.v, at::diag_embed(cut.s)).reshape({2, 2, 2});
}

std::vector<Item> other_networks() {
  return {
      {.id = "mpo",
       .title = "MPO: a matrix as a tensor train",
       .text =
           "The rows and the columns of a matrix are split into legs, and each pair of legs gets "
           "one core: a row of tensors with a leg above and one below.",
       .formula = "M_{(i1 i2 i3),(j1 j2 j3)} = Σ_{ab} W_{1} W_{2} W_{3}",
       .source = "tensor M[i1:2, i2:2, i3:2, j1:3, j2:3, j3:3]\n"
                 "tensor W1[i1:2, j1:3, a:6], W2[a:6, i2:2, j2:3, b:6], W3[b:6, i3:2, j3:3]\n"
                 "diagram d: M[i1,i2,i3,j1,j2,j3] = W1[i1,j1,a] W2[a,i2,j2,b] W3[b,i3,j3]\n"
                 "  -> i1 up, i2 up, i3 up, j1 down, j2 down, j3 down",
       .prepare = put_operator,
       RANKLENS_BOOK_SECOND(each({2, 2, 2, 3, 3, 3},
                                 [&](Index o) {
                                   return sum({6, 6}, [&](Index r) {
                                     return t("W1", o[0], o[3], r[0]) *
                                            t("W2", r[0], o[1], o[4], r[1]) *
                                            t("W3", r[1], o[2], o[5]);
                                   });
                                 }))},
      {.id = "gauge",
       .title = "Gauge freedom",
       .text = "A matrix and its inverse may be put on any bond: the cores change, the tensor does "
               "not.",
       .formula = "A B = (A X)(X^{−1} B)",
       .source = "size i=3, j=4, k=3, r=2 tensor A[i,r], B[r,j,k], X[r,s:2], Y[s:2,r]\n"
                 "diagram d: A[i,a] B[a,j,k] = {A[i,a] X[a,b]} {Y[b,c] B[c,j,k]}\n"
                 "  -> i left, j down, k right",
       .prepare = put_gauge,
       RANKLENS_BOOK_SECOND(at::matmul(t("A"), t("B").reshape({2, 12})).reshape({3, 4, 3}))},
      {.id = "tree",
       .title = "Tree tensor network",
       .text = "Legs are grouped in pairs, and pairs of pairs: a tree of isometries, found by SVDs "
               "of single legs and of the cut in the middle.",
       .formula = "T_{ijkl} = Σ U_{1} U_{2} L R U_{3} U_{4}",
       .source = "size i=3, j=3, k=3, l=3 tensor T[i,j,k,l], R[r:2,s:2,a:2]\n"
                 "isometry U1[i; p:2], U2[j; q:2], U3[k; r:2], U4[l; s:2], L[p:2,q:2; a:2]\n"
                 "layout tree\n"
                 "diagram d: T[i,j,k,l] = L[p,q,a]@(0.5,0) R[r,s,a]@(2.5,0)\n"
                 "  U1[i,p]@(0,1) U2[j,q]@(1,1) U3[k,r]@(2,1) U4[l,s]@(3,1)\n"
                 "  -> i down, j down, k down, l down",
       .prepare = put_tree,
       RANKLENS_BOOK_SECOND(each({3, 3, 3, 3},
                                 [&](Index o) {
                                   return sum({2, 2, 2, 2, 2}, [&](Index r) {
                                     return t("U1", o[0], r[0]) * t("U2", o[1], r[1]) *
                                            t("U3", o[2], r[2]) * t("U4", o[3], r[3]) *
                                            t("L", r[0], r[1], r[4]) * t("R", r[2], r[3], r[4]);
                                   });
                                 }))},
  };
}

}  // namespace

Group tensor_decompositions() {
  Group group{"Decompositions of tensors",
              "One large tensor becomes several small ones, exactly or with a known error.",
              sums_and_cores()};
  for (const Item& item : trains()) group.items.push_back(item);
  for (const Item& item : other_networks()) group.items.push_back(item);
  return group;
}

}  // namespace ranklens::tn::diagram::book
