#include "ranklens/optim/low_rank/seen_bases.h"

#include <utility>

namespace ranklens::optim {

SeenBases::SeenBases(at::Tensor u, at::Tensor v)
    : u_(std::move(u)),
      v_(std::move(v)),
      version_u_(static_cast<std::uint32_t>(u_._version())),
      version_v_(static_cast<std::uint32_t>(v_._version())) {}

bool SeenBases::are(const at::Tensor& u, const at::Tensor& v) const {
  return u_.defined() && u_.is_same(u) && v_.is_same(v) && u._version() == version_u_ &&
         v._version() == version_v_;
}

}  // namespace ranklens::optim
