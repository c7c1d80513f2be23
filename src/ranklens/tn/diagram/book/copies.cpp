#include <ATen/ops/diag_embed.h>
#include <ATen/ops/kron.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mul.h>

#include "ranklens/tn/diagram/book/item.h"

namespace ranklens::tn::diagram::book {
namespace {

std::vector<Item> delta_items() {
  return {
      {.id = "copy",
       .title = "The copy tensor",
       .text = "A dot, the delta tensor, is 1 where all its indices agree and 0 elsewhere: it lets "
               "one index be used in more than two places.",
       .formula = "δ_{ijk} = 1 if i = j = k, else 0",
       .source = "diagram d: copy[i:3, j, k] -> i, j, k",
       RANKLENS_BOOK_SECOND(each({3, 3, 3}, [&](Index i) { return equal(i[0], i[1], i[2]); }))},
      {.id = "copy-vector",
       .title = "A diagonal matrix from a vector",
       .text = "A vector on a dot with two more legs is the matrix with that diagonal.",
       .formula = "D_{ij} = Σ_{a} v_{a} δ_{aij}",
       .source = "tensor v[a:4] diagram d: v[a]@(0,-1) copy[a,i,j]@(0,0) -> i left, j right",
       RANKLENS_BOOK_SECOND(at::diag_embed(t("v")))},
      {.id = "diagonal",
       .title = "A diagonal matrix scales",
       .text = "A stroke through a tensor says that it is diagonal. From the left it scales rows.",
       .formula = "(D A)_{ij} = D_{ii} A_{ij}",
       .source = "size i=3, j=4 tensor A[i,j] diagonal D[i,k:3] diagram d: D[i,a] A[a,j] -> i, j",
       RANKLENS_BOOK_SECOND(t("D").diagonal().unsqueeze(1) * t("A"))},
      {.id = "read-diagonal",
       .title = "The diagonal of a matrix",
       .text = "The same dot turned round reads a diagonal.",
       .formula = "d_{i} = A_{ii}",
       .source = "tensor A[a:4, b:4] diagram d: A[a,b] copy[a,b,i] -> i right",
       RANKLENS_BOOK_SECOND(t("A").diagonal())},
      {.id = "hadamard",
       .title = "Elementwise product",
       .text = "Two dots carry both indices to both tensors: the Hadamard product.",
       .formula = "C_{ij} = A_{ij} B_{ij}",
       .source = "size i=3, j=4 tensor A[i,j], B[i,j]\n"
                 "diagram d: copy[i,i1,i2]@(0,0) A[i1,j1]@(1,-0.6) B[i2,j2]@(1,0.6)\n"
                 "  copy[j1,j2,j]@(2,0) -> i left, j right",
       RANKLENS_BOOK_SECOND(at::mul(t("A"), t("B")))},
      {.id = "hadamard-vectors",
       .title = "Elementwise product of vectors",
       .text = "Multiplication of two vectors element by element is one dot of three legs.",
       .formula = "w_{i} = u_{i} v_{i}",
       .source = "tensor u[i:5], v[i:5]\n"
                 "diagram d: u[a]@(0,-0.6) v[b]@(0,0.6) copy[a,b,i]@(0.9,0) -> i right",
       RANKLENS_BOOK_SECOND(t("u") * t("v"))},
      {.id = "fusion",
       .title = "Dots that touch become one",
       .text = "Two joined dots are one dot with the legs that are left.",
       .formula = "Σ_{a} δ_{ija} δ_{akl} = δ_{ijkl}",
       .source = "diagram d: copy[i:3,j,a] copy[a,k,l] = copy[i,j,k,l]\n"
                 "  -> i left, j left, k right, l right",
       RANKLENS_BOOK_SECOND(
           each({3, 3, 3, 3}, [&](Index i) { return equal(i[0], i[1], i[2], i[3]); }))},
      {.id = "sum",
       .title = "Sums of diagrams",
       .text = "Drawings with the same open legs are added and scaled like the tensors they stand "
               "for.",
       .formula = "2 A_{ij} − ½ B_{ij}",
       .source = "tensor A[i:3, j:4], B[i:3, j:4] diagram d: 2 A[i,j] - 0.5 B[i,j] -> i, j",
       RANKLENS_BOOK_SECOND(each(
           {3, 4}, [&](Index i) { return 2.0 * t("A", i[0], i[1]) - 0.5 * t("B", i[0], i[1]); }))},
      {.id = "distribute",
       .title = "Products distribute over sums",
       .text = "A frame holds a sum; what is joined to the frame is joined to each of its terms.",
       .formula = "(A + B) x = A x + B x",
       .source = "size i=3, j=4 tensor A[i,j], B[i,j], x[j]\n"
                 "diagram d: (A[i,j] + B[i,j]) x[j] = A[i,j] x[j] + B[i,j] x[j] -> i",
       RANKLENS_BOOK_SECOND(at::matmul(t("A") + t("B"), t("x")))},
  };
}

std::vector<Item> shape_items() {
  return {
      {.id = "grouping",
       .title = "Grouping legs",
       .text =
           "A wedge joins legs into one thick leg, row-major: a tensor becomes a matrix. In the "
           "words of einops: `i j k -> i (j k)`.",
       .formula = "M_{i,(jk)} = T_{ijk}",
       .source = "tensor T[i:2, j:3, k:4] diagram d: T[i,j,k] fuse[j,k;p] -> i, p",
       RANKLENS_BOOK_SECOND(t("T").reshape({2, 12}))},
      {.id = "splitting",
       .title = "Splitting a leg",
       .text =
           "The wedge turned round splits a leg into two. Splitting what was grouped gives back "
           "what there was. In einops: `i (j k) -> i j k`.",
       .formula = "T_{ijk} = M_{i,(jk)}",
       .source = "tensor M[i:2, p:12]\n"
                 "diagram d: M[i,p] fuse[j:3,k:4;p] -> i, j right, k right",
       RANKLENS_BOOK_SECOND(t("M").reshape({2, 3, 4}))},
      {.id = "regroup",
       .title = "Grouping in another order",
       .text = "Legs may be permuted before they are grouped; a wedge groups them from top to "
               "bottom. In einops: `i j k l -> (i l) (k j)`.",
       .formula = "M_{(il),(kj)} = T_{ijkl}",
       .source =
           "tensor T[i:2, j:3, k:2, l:3]\n"
           "diagram d: fuse[i,l;p]@(0,0) T[i,j,k,l]@(1,0) fuse[k,j;q]@(2,0) -> p left, q right",
       RANKLENS_BOOK_SECOND(t("T").permute({0, 3, 2, 1}).reshape({6, 6}))},
      {.id = "kronecker",
       .title = "Kronecker product",
       .text = "Two matrices above each other whose legs are grouped on both sides.",
       .formula = "(A ⊗ B)_{(ik),(jl)} = A_{ij} B_{kl}",
       .source = "tensor A[i:2, j:3], B[k:2, l:3]\n"
                 "diagram d: fuse[i,k;p]@(0,0) A[i,j]@(0.9,-0.55) B[k,l]@(0.9,0.55)\n"
                 "  fuse[j,l;q]@(1.8,0) -> p left, q right",
       RANKLENS_BOOK_SECOND(at::kron(t("A"), t("B")))},
      {.id = "mixed-product",
       .title = "Kronecker products multiply by parts",
       .text = "Two rows of two: read row by row or column by column, it is the same drawing.",
       .formula = "(A ⊗ B)(C ⊗ D) = AC ⊗ BD",
       .source = "size i=2, j=3, k=2, l=2, m=3, n=2\n"
                 "tensor A[i,j], C[j,k], B[l,m], D[m,n]\n"
                 "diagram d: A[i,j]@(0,0) C[j,k]@(1,0) B[l,m]@(0,1) D[m,n]@(1,1)\n"
                 "  -> i left, l left, k right, n right",
       RANKLENS_BOOK_SECOND(
           at::matmul(at::kron(t("A"), t("B")), at::kron(t("C"), t("D"))).reshape({2, 2, 2, 2}))},
      {.id = "vectorisation",
       .title = "Vectorisation",
       .text = "Grouping both legs of a matrix makes a vector of it. The matrices beside it become "
               "one Kronecker product.",
       .formula = "vec(A X B) = (A ⊗ B^{T}) vec(X), rows first",
       .source = "size i=2, j=3, k=4, l=2 tensor A[i,j], X[j,k], B[k,l]\n"
                 "diagram d: A[i,j]@(0,0) X[j,k]@(1,0) B[k,l]@(2,0) fuse[i,l;p]@(1,1.1) -> p down",
       RANKLENS_BOOK_SECOND(
           at::matmul(at::kron(t("A"), t("B").t().contiguous()), t("X").reshape({-1})))},
  };
}

}  // namespace

Group copies() {
  Group group{"Copying, adding, reshaping",
              "Dots copy an index, plus signs add drawings, wedges group legs.", delta_items()};
  for (const Item& item : shape_items()) group.items.push_back(item);
  return group;
}

}  // namespace ranklens::tn::diagram::book
