#include <cmath>

#include <ATen/ops/einsum.h>
#include <ATen/ops/matmul.h>

#include "ranklens/tn/diagram/book/factors.h"
#include "ranklens/tn/diagram/book/tensor_decompositions.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;

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
  const double error = frobenius(t("T") - drawn);
  const double whole = frobenius(t("T")), core = frobenius(tucker(t("T"), 2, 30).core);
  return {{"‖T − T_{r}‖ ≤ √(Σ over modes of the left out σ²)", error, bound, true},
          {"HOOI is no worse: √(‖T‖² − ‖G‖²) ≤ ‖T − T_{r}‖", std::sqrt(whole * whole - core * core),
           error, true}};
}

std::vector<Fact> hooi_facts(const Given& t, const Tensor& drawn) {
  const double whole = frobenius(t("T")), core = frobenius(t("G"));
  return {{"‖T − T_{r}‖² = ‖T‖² − ‖G‖²", std::pow(frobenius(t("T") - drawn), 2),
           whole * whole - core * core}};
}

}  // namespace

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
               "vectors of that leg against all others. The sign × with a number joins a matrix to "
               "the leg of that number.",
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
       .title = "HOOI: the tensor projected on three isometries",
       .text =
           "After sweeps of higher-order orthogonal iteration the core is the tensor joined to the "
           "adjoints of the isometries. Two triangles whose points meet are a projector, one on "
           "each leg.",
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

}  // namespace ranklens::tn::diagram::book
