#include "ranklens/explain/finish.h"

#include "ranklens/base/error.h"

namespace ranklens::explain {

at::Tensor finished(const at::Tensor& attribution, const Finish& finish) {
  base::require(
      finish.channels != Channels::none || (finish.clip_percentile >= 100 && !finish.scale),
      "maps are clipped and scaled after their channels are reduced; with channel=none "
      "neither can be done");
  at::Tensor maps = finish.absolute ? attribution.abs() : attribution;
  maps = reduce_channels(maps, finish.channels);
  if (finish.clip_percentile < 100) maps = clip_percentile(maps, finish.clip_percentile);
  return finish.scale ? min_max(maps) : maps;
}

bool stays_signed(const Finish& finish, bool attribution_signed) {
  const bool squared = finish.channels == Channels::l2;
  return attribution_signed && !finish.absolute && !squared && !finish.scale;
}

}  // namespace ranklens::explain
