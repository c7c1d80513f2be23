#include "ranklens/tn/train/regroup.h"

#include <ATen/ops/mm.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/factorise.h"

namespace ranklens::tn {

at::Tensor merged(const at::Tensor& a, const at::Tensor& b) {
  const double entries =
      static_cast<double>(a.size(0) * a.size(1)) * static_cast<double>(b.size(1) * b.size(2));
  base::require(entries <= 0x1p31, "this change of modes would merge a core of {:.3g} entries",
                entries);
  return at::mm(a.reshape({-1, a.size(2)}), b.reshape({b.size(0), -1}))
      .reshape({a.size(0), a.size(1) * b.size(1), b.size(2)});
}

void append_split(std::vector<at::Tensor>& cores, at::Tensor core, const Shape& modes) {
  const auto last = core.size(2);
  for (std::size_t k = 0; k + 1 < modes.size(); ++k) {
    const auto left = core.size(0);
    auto found = split(core.reshape({left * modes[k], -1}));
    cores.push_back(found.q.reshape({left, modes[k], -1}));
    core = found.rest.reshape({found.rest.size(0), -1, last});
  }
  cores.push_back(core.reshape({core.size(0), modes.back(), last}));
}

}  // namespace ranklens::tn
