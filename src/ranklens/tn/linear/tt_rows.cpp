#include "ranklens/tn/linear/tt_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_unique2.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/unique_consecutive.h>

namespace ranklens::tn {
namespace {

/// The distinct beginnings of k digits of the wanted rows.
struct Beginnings {
  at::Tensor digit;   ///< the k-th digit of each
  at::Tensor parent;  ///< of each: which beginning of k - 1 digits it goes on from
};

/// By number of digits; `rows` are distinct and sorted, so that equal beginnings are neighbours.
std::vector<Beginnings> beginnings_of(const std::vector<at::Tensor>& cores, at::Tensor rows) {
  std::vector<Beginnings> levels(cores.size());
  for (auto k = cores.size(); k-- > 0;) {
    const auto modes = cores[k].size(1);
    levels[k].digit = rows.remainder(modes);
    std::tie(rows, levels[k].parent, std::ignore) =
        at::unique_consecutive(rows.floor_divide(modes), true);
  }
  return levels;
}

}  // namespace

at::Tensor tt_rows(const std::vector<at::Tensor>& cores, const at::Tensor& indices) {
  std::int64_t columns = 1;
  for (const auto& core : cores) columns *= core.size(2);
  if (indices.numel() == 0) return cores.front().new_empty({0, columns});
  const auto [rows, place, counts] = at::_unique2(indices, true, true);
  const auto levels = beginnings_of(cores, rows);
  at::Tensor state;  // [beginnings, n_1 .. n_k, r_k]
  for (std::size_t k = 0; k < cores.size(); ++k) {
    const auto r = cores[k].size(0), m = cores[k].size(1);
    const auto slices =
        cores[k].transpose(0, 1).reshape({m, r, -1}).index_select(0, levels[k].digit);
    state = k == 0 ? slices : at::bmm(state.index_select(0, levels[k].parent), slices);
    state = state.reshape({slices.size(0), -1, cores[k].size(3)});
  }
  return state.reshape({rows.size(0), columns}).index_select(0, place);
}

}  // namespace ranklens::tn
