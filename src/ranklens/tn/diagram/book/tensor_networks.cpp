#include <cmath>

#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/real.h>
#include <ATen/ops/xlogy.h>

#include "ranklens/tn/diagram/book/factors.h"
#include "ranklens/tn/diagram/book/item.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram::book {
namespace {

using at::Tensor;

std::vector<Item> chains() {
  return {
      {.id = "mps",
       .title = "Matrix product state (MPS), or tensor train (TT)",
       .text =
           "A row of cores with one open leg each: at given i, j, k, l the element is a product of "
           "matrices. The cores hold a number of values that grows in proportion to the length, "
           "not "
           "exponentially: here 48 numbers for a tensor of 16, but at forty sites 696 for a tensor "
           "of a million millions.",
       .formula = "ψ_{ijkl} = A_{1}^{i} A_{2}^{j} A_{3}^{k} A_{4}^{l}",
       .source = "size i=2, j=2, k=2, l=2, a=3, b=3, c=3\n"
                 "tensor A1[i,a], A2[a,j,b], A3[b,k,c], A4[c,l]\n"
                 "diagram d: A1[i,a] A2[a,j,b] A3[b,k,c] A4[c,l] -> i down, j down, k down, l down",
       RANKLENS_BOOK_SECOND(each({2, 2, 2, 2},
                                 [&](Index o) {
                                   return sum({3, 3, 3}, [&](Index r) {
                                     return t("A1", o[0], r[0]) * t("A2", r[0], o[1], r[1]) *
                                            t("A3", r[1], o[2], r[2]) * t("A4", r[2], o[3]);
                                   });
                                 }))},
      {.id = "mps-norm",
       .title = "Norm of a matrix product state",
       .text =
           "The state joined with its conjugate: a ladder, which is contracted rung by rung, never "
           "by forming the state.",
       .formula = "⟨ψ, ψ⟩ = Σ_{ijkl} |ψ_{ijkl}|²",
       .source = "complex size i=2, j=2, k=2, l=2, a=3, b=3, c=3\n"
                 "tensor A1[i,a], A2[a,j,b], A3[b,k,c], A4[c,l]\n"
                 "diagram d: A1*[i,a] A2*[a,j,b] A3*[b,k,c] A4*[c,l]\n"
                 "  A1[i,x] A2[x,j,y] A3[y,k,z] A4[z,l]",
       RANKLENS_BOOK_SECOND(each({},
                                 [&](const Index&) {
                                   return sum({2, 2, 2, 2}, [&](Index o) {
                                     return std::norm(sum({3, 3, 3}, [&](Index r) {
                                       return t("A1", o[0], r[0]) * t("A2", r[0], o[1], r[1]) *
                                              t("A3", r[1], o[2], r[2]) * t("A4", r[2], o[3]);
                                     }));
                                   });
                                 }))},
      {.id = "mpo-apply",
       .title = "An MPO on an MPS",
       .text =
           "Joining the lower legs of an operator to a state gives a state again; its bonds are "
           "the pairs of bonds.",
       .formula = "φ_{ijk} = Σ_{xyz} O_{ijk,xyz} ψ_{xyz}",
       .source = "size i=2, j=2, k=2, a=2, b=2\n"
                 "tensor O1[i,x:2,a], O2[a,j,y:2,b], O3[b,k,z:2], A1[x:2,e:3], A2[e:3,y:2,f:3], "
                 "A3[f:3,z:2]\n"
                 "diagram d: O1[i,x,a] O2[a,j,y,b] O3[b,k,z] A1[x,e] A2[e,y,f] A3[f,z]\n"
                 "  -> i up, j up, k up",
       RANKLENS_BOOK_SECOND(each({2, 2, 2},
                                 [&](Index o) {
                                   return sum({2, 2, 2, 2, 2, 3, 3}, [&](Index r) {
                                     return t("O1", o[0], r[0], r[3]) *
                                            t("O2", r[3], o[1], r[1], r[4]) *
                                            t("O3", r[4], o[2], r[2]) * t("A1", r[0], r[5]) *
                                            t("A2", r[5], r[1], r[6]) * t("A3", r[6], r[2]);
                                   });
                                 }))},
      {.id = "expectation",
       .title = "Expectation value",
       .text = "The sandwich: a state, an operator, and the conjugate of the state.",
       .formula = "⟨ψ| O |ψ⟩",
       .source = "complex size i=2, j=2, k=2, a=2, b=2, x=2, y=2, z=2\n"
                 "tensor O1[i,x,a], O2[a,j,y,b], O3[b,k,z], A1[x,e:3], A2[e:3,y,f:3], A3[f:3,z]\n"
                 "diagram d: A1*[i,g] A2*[g,j,h] A3*[h,k] O1[i,x,a] O2[a,j,y,b] O3[b,k,z]\n"
                 "  A1[x,e] A2[e,y,f] A3[f,z]",
       RANKLENS_BOOK_SECOND(
           each({},
                [&](const Index&) {
                  return sum({2, 2, 2, 2, 2, 2}, [&](Index s) {
                    const auto state = [&](auto i, auto j, auto k) {
                      return sum({3, 3}, [&](Index r) {
                        return t("A1", i, r[0]) * t("A2", r[0], j, r[1]) * t("A3", r[1], k);
                      });
                    };
                    const Number o = sum({2, 2}, [&](Index r) {
                      return t("O1", s[0], s[3], r[0]) * t("O2", r[0], s[1], s[4], r[1]) *
                             t("O3", r[1], s[2], s[5]);
                    });
                    return std::conj(state(s[0], s[1], s[2])) * o * state(s[3], s[4], s[5]);
                  });
                }))},
  };
}

/// A state of four legs i s k l of norm 1, whose centre is the core of s.
void put_centre(Values& v) {
  const Tensor pair = at::matmul(v["A1"], v["A2"].reshape({2, 6})).reshape({4, 3});
  Tensor whole = at::matmul(pair, v["A3"].reshape({4, 3}).t());
  whole = whole / frobenius(whole);
  const Svd first = svd(whole.reshape({2, 8}));
  const Tensor rest = (first.v.conj() * first.s).t().reshape({4, 4});  // a s by k l
  const Svd cut = svd(rest, 3);
  v["A1"] = first.u;
  v["A2"] = (cut.u * cut.s).reshape({2, 2, 3});
  v["A3"] = cut.v.conj().resolve_conj().reshape({2, 2, 3});
}

std::vector<Fact> density_facts(const Given&, const Tensor& drawn) {
  const Tensor values = at::linalg_eigvalsh(drawn);
  const double entropy = -at::xlogy(values, values).sum().item<double>();
  return {{"its trace is 1", at::real(drawn.trace()).item<double>(), 1},
          {"its least eigenvalue is 0 or more, but for rounding", -1e-12,
           values.min().item<double>(), true},
          {"its entropy −tr ρ ln ρ is at most ln 2", entropy, std::log(2.0), true}};
}

std::vector<Item> physics() {
  return {
      {.id = "density-matrix",
       .title = "Single-core density matrix",
       .text = "The ladder of the norm with the legs of one core left open: the state of that leg "
               "alone, all others summed over. Where the core is the centre, the triangles on both "
               "sides cancel, and the core alone gives it. Its von Neumann entropy measures how "
               "much the leg shares with the others: nothing at 0, as much as it can at ln 2.",
       .formula = "ρ_{st} = Σ_{others} ψ_{s} ψ_{t}^{*}",
       .source = "complex isometry A1[i:2; a:2], A3[k:2,l:2; b:3] tensor A2[a:2,s:2,b:3]\n"
                 "diagram d: A1[i,a]@(0,0) A2[a,s,b]@(1,0) A3[k,l,b]@(2,0)\n"
                 "  A1*[i,x]@(0,1.9) A2*[x,t,y]@(1,1.9) A3*[k,l,y]@(2,1.9)\n"
                 "  = A2[a,s,b]@(0,0) A2*[a,t,b]@(0,1.9) -> s down, t up",
       .prepare = put_centre,
       RANKLENS_BOOK_SECOND(each({2, 2},
                                 [&](Index o) {
                                   return sum({2, 2, 2}, [&](Index e) {
                                     const auto state = [&](auto s) {
                                       return sum({2, 3}, [&](Index r) {
                                         return t("A1", e[0], r[0]) * t("A2", r[0], s, r[1]) *
                                                t("A3", e[1], e[2], r[1]);
                                       });
                                     };
                                     return state(o[0]) * std::conj(state(o[1]));
                                   });
                                 })),
       .facts = density_facts},
      {.id = "peps",
       .title = "PEPS",
       .text = "A grid instead of a chain: each tensor has an open leg and one for each neighbour. "
               "The cost of contracting it exactly grows exponentially with the shorter side.",
       .formula = "ψ_{ijklmn} = Σ_{abcefgh} P_{1,iae} P_{2,ajbf} P_{3,bkg} P_{4,lce} P_{5,cmhf} "
                  "P_{6,hng}",
       .source = "size i=2, j=2, k=2, l=2, m=2, n=2\n"
                 "tensor P1[i,a:2,e:2], P2[a:2,j,b:2,f:2], P3[b:2,k,g:2]\n"
                 "tensor P4[l,c:2,e:2], P5[c:2,m,h:2,f:2], P6[h:2,n,g:2]\n"
                 "diagram d: P1[i,a,e]@(0.4,0) P2[a,j,b,f]@(1.6,0) P3[b,k,g]@(2.8,0)\n"
                 "  P4[l,c,e]@(0,1.1) P5[c,m,h,f]@(1.2,1.1) P6[h,n,g]@(2.4,1.1)\n"
                 "  -> i up, j up, k up, l down, m down, n down",
       RANKLENS_BOOK_SECOND(each({2, 2, 2, 2, 2, 2},
                                 [&](Index o) {
                                   return sum({2, 2, 2, 2, 2, 2, 2}, [&](Index r) {
                                     return t("P1", o[0], r[0], r[4]) *
                                            t("P2", r[0], o[1], r[1], r[5]) *
                                            t("P3", r[1], o[2], r[6]) * t("P4", o[3], r[2], r[4]) *
                                            t("P5", r[2], o[4], r[3], r[5]) *
                                            t("P6", r[3], o[5], r[6]);
                                   });
                                 }))},
      {.id = "mera",
       .title = "MERA",
       .text =
           "Squares disentangle neighbours, triangles merge pairs: layers up to one tensor at the "
           "top, which alone carries the norm, since everything below it cancels.",
       .formula = "ψ_{ijkl} = Σ_{abxy} T_{ab} W_{1,ixa} W_{2,ylb} Q_{jkxy}",
       .source =
           "size i=2, j=2, k=2, l=2\n"
           "tensor T[a:2,b:2] unitary Q[j,k; x:2,y:2] isometry W1[i,x:2; a:2], W2[y:2,l; b:2]\n"
           "diagram d: T[a,b]@(1.5,0) W1[i,x,a]@(0.5,1) W2[y,l,b]@(2.5,1) Q[j,k,x,y]@(1.5,2)\n"
           "  -> i down, j down, k down, l down",
       RANKLENS_BOOK_SECOND(each({2, 2, 2, 2},
                                 [&](Index o) {
                                   return sum({2, 2, 2, 2}, [&](Index r) {
                                     return t("T", r[0], r[1]) * t("W1", o[0], r[2], r[0]) *
                                            t("W2", r[3], o[3], r[1]) *
                                            t("Q", o[1], o[2], r[2], r[3]);
                                   });
                                 })),
       .facts =
           [](const Given& t, const Tensor& drawn) {
             return std::vector<Fact>{
                 {"the norm is that of the top tensor", frobenius(drawn), frobenius(t("T"))}};
           }},
  };
}

}  // namespace

Group tensor_networks() {
  Group group{"Tensor networks",
              "States and operators of many legs that are never written out in full.", chains()};
  for (const Item& item : physics()) group.items.push_back(item);
  return group;
}

}  // namespace ranklens::tn::diagram::book
