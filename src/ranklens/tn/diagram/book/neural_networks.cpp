#include <ATen/ops/conv1d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include "ranklens/tn/diagram/book/item.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;

/// 1 where position = output + tap: the wiring of a convolution along one axis.
Tensor wiring(std::int64_t outputs, std::int64_t taps) {
  Tensor result = at::zeros({outputs, taps, outputs + taps - 1}, at::kDouble);
  for (std::int64_t y = 0; y < outputs; ++y) {
    for (std::int64_t k = 0; k < taps; ++k) result[y][k][y + k] = 1;
  }
  return result;
}

std::vector<Item> dense_items() {
  return {
      {.id = "dense",
       .title = "Dense layer",
       .text = "A weight joined to its input: without a bias, a layer is a matrix times a vector.",
       .formula = "y = W x",
       .source = "tensor W[o:4, i:6], x[i:6] diagram d: W[o,i] x[i] -> o",
       RANKLENS_BOOK_SECOND(at::linear(t("x"), t("W")))},
      {.id = "bias",
       .title = "Bias",
       .text = "A bias is a term of a sum, drawn beside the product; both have the open leg o.",
       .formula = "y = W x + b",
       .source = "tensor W[o:4, i:6], x[i:6], b[o:4] diagram d: W[o,i] x[i] + b[o] -> o",
       RANKLENS_BOOK_SECOND(at::linear(t("x"), t("W"), t("b")))},
      {.id = "batch",
       .title = "A batch",
       .text =
           "Many inputs at once have one more leg. The bias is the same for all of them: an open "
           "dot on the leg of the batch.",
       .formula = "Y_{no} = Σ_{i} X_{ni} W_{oi} + 1_{n} b_{o}",
       .source = "tensor W[o:4, i:6], X[n:3, i:6], b[o:4]\n"
                 "diagram d: X[n,i] W[o,i] + ones[n] b[o] -> n, o",
       RANKLENS_BOOK_SECOND(at::linear(t("X"), t("W"), t("b")))},
      {.id = "nonlinear",
       .title = "Elementwise nonlinearity",
       .text = "A function of every element is a box that legs pass through. It is no tensor: "
               "nothing may be moved from one of its sides to the other.",
       .formula = "y_{i} = relu(x_{i})",
       .source = "tensor x[i:6] diagram d: relu(x[i]) -> i",
       RANKLENS_BOOK_SECOND(at::relu(t("x")))},
      {.id = "nonlinear-matrix",
       .title = "A nonlinearity on several legs",
       .text = "All legs pass through the box; each element is changed by itself.",
       .formula = "Y_{ni} = tanh(X_{ni})",
       .source = "tensor X[n:3, i:4] diagram d: tanh(X[n,i]) -> n left, i left",
       RANKLENS_BOOK_SECOND(at::tanh(t("X")))},
      {.id = "mlp",
       .title = "Multilayer perceptron",
       .text =
           "Layers in a row, read from the right, where the input is, to the left. A frame holds "
           "the sum that the box is applied to.",
       .formula = "y = W_{2} relu(W_{1} x + b_{1}) + b_{2}",
       .source = "tensor W1[h:5, i:4], b1[h:5], W2[o:3, h:5], b2[o:3], x[i:4]\n"
                 "diagram d: W2[o,h] relu(W1[h,i] x[i] + b1[h]) + b2[o] -> o left",
       RANKLENS_BOOK_SECOND(
           at::linear(at::relu(at::linear(t("x"), t("W1"), t("b1"))), t("W2"), t("b2")))},
      {.id = "linear-network",
       .title = "Layers without a nonlinearity collapse",
       .text =
           "Two linear layers are one: the dashed product is a matrix W that can be computed once "
           "for all inputs.",
       .formula = "W_{2} W_{1} x = W x",
       .source = "tensor W1[h:5, i:4], W2[o:3, h:5], x[i:4]\n"
                 "diagram d: {\"W\" W2[o,h] W1[h,i]} x[i] -> o left",
       RANKLENS_BOOK_SECOND(at::linear(t("x"), at::matmul(t("W2"), t("W1"))))},
  };
}

std::vector<Fact> parameter_facts(const Given& t, const Tensor&) {
  const double cores = static_cast<double>(t("G1").numel() + t("G2").numel() + t("G3").numel());
  return {{"numbers in the cores, at most those of the dense weight", cores,
           static_cast<double>(t("W").numel()), true}};
}

std::vector<Item> structured_items() {
  return {
      {.id = "tensor-layer",
       .title = "Dense layer against tensor layer",
       .text =
           "On the left the dense weight; on the right the same weight as an MPO. The input is "
           "split into as many legs as there are cores, each core has one leg in and one leg out, "
           "and the dense weight is never formed. Wedges split and group the legs.",
       .formula = "y = W x, W_{(m_{1} m_{2} m_{3}),(n_{1} n_{2} n_{3})} = Σ_{ab} G_{1} G_{2} G_{3}",
       .source =
           "tensor x[i:24], G1[m1:2, n1:2, a:2], G2[a:2, m2:3, n2:4, b:2], G3[b:2, m3:2, n3:3]\n"
           "tensor W[o:12, i:24]\n"
           "diagram d: W[o,i]@(0,0) x[i]@(0,1)\n"
           "  = fuse[m1,m2,m3;o]@(1.25,-1.2) G1[m1,n1,a]@(0,0) G2[a,m2,n2,b]@(1.25,0)\n"
           "  G3[b,m3,n3]@(2.5,0) fuse[n1,n2,n3;i]@(1.25,1.2) x[i]@(1.25,2.1) -> o up",
       .prepare =
           [](Values& v) {
             v["W"] =
                 at::einsum("mna,apqb,brs->mprnqs", {v["G1"], v["G2"], v["G3"]}).reshape({12, 24});
           },
       RANKLENS_BOOK_SECOND(each({12},
                                 [&](Index o) {
                                   return sum({24, 2, 2}, [&](Index s) {
                                     const std::int64_t m = o[0], n = s[0];
                                     return t("G1", m / 6, n / 12, s[1]) *
                                            t("G2", s[1], m / 2 % 3, n / 3 % 4, s[2]) *
                                            t("G3", s[2], m % 2, n % 3) * t("x", n);
                                   });
                                 })),
       .facts = parameter_facts},
      {.id = "low-rank-layer",
       .title = "Low-rank layer",
       .text =
           "A weight of small rank: an isometry, a small matrix, and an isometry turned round. The "
           "input is brought down to the thin leg first.",
       .formula = "y = U S V^{T} x",
       .source = "isometry U[o:5; r:2], V[i:6; s:2] tensor S[r:2, s:2], x[i:6]\n"
                 "diagram d: U[o,r] S[r,s] V[i,s] x[i] -> o left",
       RANKLENS_BOOK_SECOND(
           at::linear(at::linear(at::linear(t("x"), t("V").t()), t("S")), t("U")))},
      {.id = "conv1d",
       .title = "Convolution as a tensor, one axis",
       .text =
           "The tensor C says which input meets which tap of the kernel at which output: it has "
           "no parameters. The kernel W is the same at every output: joined with C it is a dense "
           "layer of which most weights are zero and the others repeat. (As everywhere in deep "
           "learning the kernel is not mirrored.)",
       .formula = "y_{ot} = Σ_{ck} W_{ock} x_{c,t+k}",
       .source = "tensor x[c:3, s:8], W[o:2, c:3, k:3], C[t:6, k:3, s:8]\n"
                 "diagram d: W[o,c,k]@(0,0) x[c,s]@(1,0.6) C[t,k,s]@(1,-0.6) -> o left, t right",
       .prepare = [](Values& v) { v["C"] = wiring(6, 3); },
       RANKLENS_BOOK_SECOND(at::conv1d(t("x").unsqueeze(0), t("W")).squeeze(0))},
      {.id = "conv2d",
       .title = "Convolution of images",
       .text = "One tensor C for each axis of the image; channels are summed as in a dense layer.",
       .formula = "y_{ouv} = Σ_{ckl} W_{ockl} x_{c,u+k,v+l}",
       .source =
           "tensor x[c:2, p:5, q:6], W[o:3, c:2, k:2, l:3], C1[u:4, k:2, p:5], C2[v:4, l:3, q:6]\n"
           "diagram d: W[o,c,k,l]@(0,0) C1[u,k,p]@(1,-0.9) C2[v,l,q]@(1,0.9) x[c,p,q]@(2,0)\n"
           "  -> o left, u up, v down",
       .prepare =
           [](Values& v) {
             v["C1"] = wiring(4, 2);
             v["C2"] = wiring(4, 3);
           },
       RANKLENS_BOOK_SECOND(at::conv2d(t("x").unsqueeze(0), t("W")).squeeze(0))},
      {.id = "global-pool",
       .title = "Global average pooling",
       .text = "Tensors of ones sum over both axes of an image; the number divides by its h w = 20 "
               "pixels.",
       .formula = "y_{c} = 1/(hw) Σ_{pq} x_{cpq}",
       .source = "tensor x[c:3, p:4, q:5]\n"
                 "diagram d: 0.05 x[c,p,q] ones[p] ones[q] -> c left",
       RANKLENS_BOOK_SECOND(t("x").mean({1, 2}))},
  };
}

}  // namespace

Group neural_networks() {
  Group group{
      "Neural networks",
      "Linear parts are tensors and may be rewritten; nonlinear parts are boxes and may not.",
      dense_items()};
  for (const Item& item : structured_items()) group.items.push_back(item);
  return group;
}

}  // namespace ranklens::tn::diagram::book
