#pragma once

#include <cstdint>
#include <vector>

#include "ranklens/tn/formats/tucker.h"

namespace ranklens::tn {

struct HOOIOptions {
  std::vector<std::int64_t> ranks{};  ///< upper bounds, one a mode
  std::int64_t max_sweeps = 50;
  double tolerance = 1e-10;  ///< stop when the fit changes by less than this in a sweep; 0: run all
};

struct HOOI {
  Tucker value;              ///< factors with orthonormal columns
  std::vector<double> fits;  ///< 1 - ||x - value|| / ||x||: of the start, then after each sweep
  bool converged = false;    ///< by `tolerance`, within `max_sweeps`
  double error = 0;          ///< ||x - value||_F; resolved to 1e-8 of ||x||
  double relative_error = 0;
  std::vector<at::Tensor> discarded_values;  ///< of each mode in the last sweep, as far as computed
};

/// Higher-order orthogonal iteration (De Lathauwer, De Moor, Vandewalle 2000): from st_hosvd on,
/// each factor in turn becomes the leading left singular vectors of the tensor contracted with all
/// others, which is the best that one factor can do: the fit never falls. Where singular values
/// kept and cut off lie well apart, one step of orthogonal iteration from the present factor stands
/// for them, but for the first and the last sweep; only a sweep of singular vectors can end as
/// converged.
///
/// A sweep reads the tensor twice: the modes are halved, and partial contractions are shared down a
/// binary tree as in cp_als. Errors: as st_hosvd; no ranks given.
HOOI hooi(const at::Tensor& dense, const HOOIOptions& options);

}  // namespace ranklens::tn
