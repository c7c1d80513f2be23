#include <algorithm>
#include <string>

#include <ATen/ops/diag_embed.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/matmul.h>

#include "ranklens/tn/diagram/book/factors.h"
#include "ranklens/tn/diagram/book/tensor_decompositions.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;

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
  return {{"the norm is that of the centre", frobenius(drawn), frobenius(t("D"))},
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
  const double error = frobenius(t("T") - drawn);
  double worst = 0;
  std::vector<double> cuts;
  for (const std::vector<std::int64_t>& legs : {std::vector<std::int64_t>{0}, {0, 1}}) {
    const Svd cut = svd(unfolding(t("T"), legs));
    cuts.push_back(frobenius(cut.s.narrow(0, 2, cut.s.size(0) - 2)));
    worst = std::max(worst, cuts.back());
  }
  return {{"‖T − T_{r}‖ = √(Σ of the squares of what each SVD left out)", error,
           root_of_squares(discarded)},
          {"at most √(Σ over the cuts of T itself of the left out σ²)", error,
           root_of_squares(cuts), true},
          {"no train of these ranks is nearer than the worst cut allows", worst, error, true}};
}

#define RANKLENS_BOOK_CHAIN(a, b, c, d)                                           \
  RANKLENS_BOOK_SECOND(each({3, 4, 3, 2}, [&](Index o) {                          \
    return sum({t(a).size(1), t(b).size(2), t(c).size(2)}, [&](Index r) {         \
      return t(a, o[0], r[0]) * t(b, r[0], o[1], r[1]) * t(c, r[1], o[2], r[2]) * \
             t(d, r[2], o[3]);                                                    \
    });                                                                           \
  }))

}  // namespace

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
       .formula = "T_{ijkl} = Σ_{abc} B_{1,ia} B_{2,jba} B_{3,kcb} B_{4,lc}",
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
           "between the second leg and the third, the Schmidt values of physics. What is left of "
           "it "
           "is one isometry, what is right of it another: an SVD.",
       .formula = "T_{ijkl} = Σ_{abc} A_{1,ia} A_{2,ajb} D_{bb} B_{3,kcb} B_{4,lc}",
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

}  // namespace ranklens::tn::diagram::book
