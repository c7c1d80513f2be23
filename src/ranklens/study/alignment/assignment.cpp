#include "ranklens/study/alignment/assignment.h"

#include <limits>

#include "ranklens/base/error.h"

namespace ranklens::study::alignment {

std::vector<std::int64_t> best_assignment(const at::Tensor& a) {
  base::require(a.dim() == 2 && a.size(0) == a.size(1), "an assignment is of a square matrix");
  const auto costs = (-a).to(at::kDouble).contiguous();
  const auto n = static_cast<std::size_t>(a.size(0));
  const double* cost = costs.const_data_ptr<double>();
  // Rows and columns count from 1; column 0 stands for "none yet".
  std::vector<double> row_potential(n + 1, 0), column_potential(n + 1, 0);
  std::vector<std::size_t> row_of(n + 1, 0), before(n + 1, 0);
  for (std::size_t row = 1; row <= n; ++row) {
    row_of[0] = row;
    std::size_t column = 0;
    std::vector<double> slack(n + 1, std::numeric_limits<double>::infinity());
    std::vector<bool> seen(n + 1, false);
    // The shortest way to a free column, along which rows are moved one on.
    do {
      seen[column] = true;
      const std::size_t from = row_of[column];
      std::size_t next = 0;
      double step = std::numeric_limits<double>::infinity();
      for (std::size_t k = 1; k <= n; ++k) {
        if (seen[k]) continue;
        const double reduced =
            cost[(from - 1) * n + (k - 1)] - row_potential[from] - column_potential[k];
        if (reduced < slack[k]) slack[k] = reduced, before[k] = column;
        if (slack[k] < step) step = slack[k], next = k;
      }
      for (std::size_t k = 0; k <= n; ++k) {
        if (seen[k]) {
          row_potential[row_of[k]] += step;
          column_potential[k] -= step;
        } else {
          slack[k] -= step;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    for (; column != 0; column = before[column]) row_of[column] = row_of[before[column]];
  }
  std::vector<std::int64_t> assigned(n, 0);
  for (std::size_t k = 1; k <= n; ++k) assigned[row_of[k] - 1] = static_cast<std::int64_t>(k - 1);
  return assigned;
}

}  // namespace ranklens::study::alignment
