#include <ATen/ops/conj.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/linalg_multi_dot.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/trace.h>
#include <ATen/ops/vdot.h>

#include "ranklens/tn/diagram/book/item.h"

namespace ranklens::tn::diagram::book {
namespace {

/// Multiply-adds of A (B x) and of (A B) x, counted by loops that do nothing else.
std::vector<Fact> costs_of_orders(const Given& t, const at::Tensor&) {
  const std::int64_t i = t("A").size(0), j = t("A").size(1), k = t("B").size(1);
  double right_first = 0, left_first = 0;
  for_each({j, k}, [&](const Index&) { ++right_first; });
  for_each({i, j}, [&](const Index&) { ++right_first; });
  for_each({i, j, k}, [&](const Index&) { ++left_first; });
  for_each({i, k}, [&](const Index&) { ++left_first; });
  const auto count = [](std::int64_t n) { return static_cast<double>(n); };
  return {{"multiply–adds of A (B x): jk + ij", right_first, count(j * k + i * j)},
          {"multiply–adds of (A B) x: ijk + ik", left_first, count(i * j * k + i * k)},
          {"the first order is cheaper", right_first, left_first, true}};
}

std::vector<Item> simple_operations() {
  return {
      {.id = "legs",
       .title = "A tensor and its legs",
       .text =
           "A tensor is a shape with one leg for each index. A leg has a name and a size, the "
           "number of values of its index; its thickness shows the logarithm of the size, since "
           "a tensor of n legs of size d has d to the power n numbers.",
       .formula = "T_{ijk}, 0 ≤ i < 2, 0 ≤ j < 8, 0 ≤ k < 64",
       .source = "tensor T[i:2, j:8, k:64] diagram d: T[i,j,k] -> i, j, k",
       RANKLENS_BOOK_SECOND(each({2, 8, 64}, [&](Index i) { return t("T", i[0], i[1], i[2]); }))},
      {.id = "scalars",
       .title = "Scalar times scalar",
       .text = "A tensor without legs is a number. What stands side by side is multiplied.",
       .formula = "r s",
       .source = "tensor r[], s[] diagram d: r[] s[]",
       RANKLENS_BOOK_SECOND(t("r") * t("s"))},
      {.id = "outer",
       .title = "Outer product",
       .text = "Two tensors without a common leg: the tensor product has the legs of both.",
       .formula = "M_{ij} = u_{i} v_{j}",
       .source = "tensor u[i:3], v[j:4] diagram d: u[i] v[j] -> i, j",
       RANKLENS_BOOK_SECOND(at::outer(t("u"), t("v")))},
      {.id = "dot",
       .title = "Dot product",
       .text =
           "A leg that joins two tensors is summed over. No leg is left: the result is a number.",
       .formula = "Σ_{i} u_{i} v_{i}",
       .source = "tensor u[i:5], v[i:5] diagram d: u[i] v[i]",
       RANKLENS_BOOK_SECOND(at::dot(t("u"), t("v")))},
      {.id = "matvec",
       .title = "Matrix times vector",
       .text = "One leg is joined, one stays open.",
       .formula = "y_{i} = Σ_{j} A_{ij} x_{j}",
       .source = "tensor A[i:3, j:4], x[j:4] diagram d: A[i,j] x[j] -> i",
       RANKLENS_BOOK_SECOND(at::mv(t("A"), t("x")))},
      {.id = "matmat",
       .title = "Matrix times matrix",
       .text =
           "The order of the factors does not matter to the drawing: the legs say what is summed.",
       .formula = "C_{ik} = Σ_{j} A_{ij} B_{jk}",
       .source = "tensor A[i:3, j:4], B[j:4, k:5] diagram d: A[i,j] B[j,k] -> i, k",
       RANKLENS_BOOK_SECOND(at::matmul(t("A"), t("B")))},
      {.id = "contraction",
       .title = "General contraction",
       .text = "Any tensors, any number of common legs: all of them are summed over at once.",
       .formula = "C_{il} = Σ_{jk} S_{ijk} T_{jkl}",
       .source = "tensor S[i:2, j:3, k:4], T[j:3, k:4, l:5] diagram d: S[i,j,k] T[j,k,l] -> i, l",
       RANKLENS_BOOK_SECOND(each({2, 5},
                                 [&](Index o) {
                                   return sum({3, 4}, [&](Index s) {
                                     return t("S", o[0], s[0], s[1]) * t("T", s[0], s[1], o[1]);
                                   });
                                 }))},
  };
}

std::vector<Item> traces_and_orders() {
  return {
      {.id = "trace",
       .title = "Trace",
       .text = "A leg that returns to its own tensor sums the diagonal.",
       .formula = "tr A = Σ_{i} A_{ii}",
       .source = "tensor A[i:4, j:4] diagram d: A[i,i]",
       RANKLENS_BOOK_SECOND(at::trace(t("A")))},
      {.id = "partial-trace",
       .title = "Partial trace",
       .text = "Only one pair of legs is joined; the others stay.",
       .formula = "B_{ij} = Σ_{a} T_{iaja}",
       .source = "tensor T[i:2, a:3, j:2, b:3] diagram d: T[i,a,j,a] -> i left, j right",
       RANKLENS_BOOK_SECOND(each({2, 2},
                                 [&](Index o) {
                                   return sum({3}, [&](Index a) {
                                     return t("T", o[0], a[0], o[1], a[0]);
                                   });
                                 }))},
      {.id = "transpose",
       .title = "Transpose",
       .text = "The legs are bent round to the other side; the tensor stays as it is.",
       .formula = "(A^{T})_{ji} = A_{ij}",
       .source = "tensor A[i:3, j:4] diagram d: A[i,j] -> j left bent, i right bent",
       RANKLENS_BOOK_SECOND(t("A").t())},
      {.id = "cyclic",
       .title = "The trace of a product is cyclic",
       .text = "On a ring it does not matter where one begins to read.",
       .formula = "tr ABC = tr BCA = tr CAB",
       .source = "size i=3, j=4, k=5 tensor A[i,j], B[j,k], C[k,i] layout ring\n"
                 "diagram d: A[i,j] B[j,k] C[k,i] = B[j,k] C[k,i] A[i,j] = C[k,i] A[i,j] B[j,k]",
       RANKLENS_BOOK_SECOND(at::trace(at::linalg_multi_dot({t("A"), t("B"), t("C")})))},
      {.id = "conjugation",
       .title = "Conjugation",
       .text = "A star marks the complex conjugate. Joining a vector with its own conjugate gives "
               "the square of its norm.",
       .formula = "⟨x, x⟩ = Σ_{i} x_{i}^{*} x_{i}",
       .source = "complex tensor x[i:6] diagram d: x*[i] x[i]",
       RANKLENS_BOOK_SECOND(at::vdot(t("x"), t("x")))},
      {.id = "adjoint",
       .title = "The adjoint of a product",
       .text = "Conjugate every tensor and mirror the drawing.",
       .formula = "(AB)^{†} = B^{†} A^{†}",
       .source = "complex tensor A[i:2, j:3], B[j:3, k:4]\n"
                 "diagram d: B*[j,k] A*[i,j] -> k left, i right",
       RANKLENS_BOOK_SECOND(at::matmul(t("A"), t("B")).mH())},
      {.id = "order",
       .title = "Contraction order and its cost",
       .text =
           "The result does not depend on the order, the cost does: a step costs the product of "
           "the sizes of all legs that touch it. A dashed line shows what is joined first: on the "
           "left a matrix with a vector, twice; on the right two matrices, and then a vector.",
       .formula = "A (B x) = (A B) x",
       .source = "size i=6, j=5, k=4 tensor A[i,j], B[j,k], x[k]\n"
                 "diagram d: A[i,j] {\"first\" B[j,k] x[k]} = {\"first\" A[i,j] B[j,k]} x[k] -> i",
       RANKLENS_BOOK_SECOND(at::mv(t("A"), at::mv(t("B"), t("x")))),
       .facts = costs_of_orders},
  };
}

}  // namespace

Group operations() {
  Group group{"Tensors and operations",
              "Shapes are tensors, lines are indices, joined lines are sums.", simple_operations()};
  for (const Item& item : traces_and_orders()) group.items.push_back(item);
  return group;
}

}  // namespace ranklens::tn::diagram::book
