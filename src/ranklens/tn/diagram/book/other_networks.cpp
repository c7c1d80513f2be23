#include <string>

#include <ATen/ops/diag_embed.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/matmul.h>

#include "ranklens/tn/diagram/book/factors.h"
#include "ranklens/tn/diagram/book/tensor_decompositions.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;

void put_operator(Values& v) {
  // From i j k x y z to (i x) (j y) (k z): an operator is cut between pairs of legs.
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

}  // namespace

std::vector<Item> other_networks() {
  return {
      {.id = "mpo",
       .title = "Matrix product operator (MPO): a matrix as a tensor train",
       .text =
           "The rows and the columns of a matrix are split into legs, and each pair of legs gets "
           "one core: a row of tensors with a leg above and one below.",
       .formula = "M_{(ijk),(xyz)} = Σ_{ab} W_{1,ixa} W_{2,ajyb} W_{3,bkz}",
       .source = "size i=2, j=2, k=2, x=3, y=3, z=3, a=6, b=6\n"
                 "tensor M[i,j,k,x,y,z], W1[i,x,a], W2[a,j,y,b], W3[b,k,z]\n"
                 "diagram d: M[i,j,k,x,y,z] = W1[i,x,a] W2[a,j,y,b] W3[b,k,z]\n"
                 "  -> i up, j up, k up, x down, y down, z down",
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
               "not. Here Y is the inverse of X.",
       .formula = "A B = (A X)(Y B), Y = X^{−1}",
       .source = "size i=3, j=4, k=3, r=2 tensor A[i,r], B[r,j,k], X[r,s:2], Y[s:2,r]\n"
                 "diagram d: A[i,a] B[a,j,k] = {A[i,a] X[a,b]} {Y[b,c] B[c,j,k]}\n"
                 "  -> i left, j down, k right",
       .prepare = put_gauge,
       RANKLENS_BOOK_SECOND(at::matmul(t("A"), t("B").reshape({2, 12})).reshape({3, 4, 3}))},
      {.id = "tree",
       .title = "Tree tensor network",
       .text = "Legs are grouped in pairs, and pairs of pairs: a tree of isometries, found by SVDs "
               "of single legs and of the cut in the middle. R is the only core that is none: it "
               "carries the norm.",
       .formula = "T_{ijkl} = Σ_{pqrsa} U_{1,ip} U_{2,jq} L_{pqa} R_{rsa} U_{3,kr} U_{4,ls}",
       .source = "size i=3, j=3, k=3, l=3 tensor T[i,j,k,l], R[r:2,s:2,a:2]\n"
                 "isometry U1[i; p:2], U2[j; q:2], U3[k; r:2], U4[l; s:2], L[p:2,q:2; a:2]\n"
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

}  // namespace ranklens::tn::diagram::book
