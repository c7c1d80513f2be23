#include "ranklens/study/training/split.h"

#include <tuple>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/data/hold_out.h"

namespace ranklens::study {

TrialData split_anew(const data::Dataset& all, double validation, double test, std::uint64_t seed) {
  base::require(validation >= 0 && test > 0 && validation + test < 1,
                "shares of {} and {} of the images leave none to train on", validation, test);
  base::Stream stream(seed, "data", "split");
  TrialData parts;
  std::tie(parts.training, parts.test) =
      data::hold_out(data::select(all, stream.permutation(all.size())), test);
  if (validation > 0) {
    std::tie(parts.training, parts.validation) =
        data::hold_out(parts.training, validation / (1 - test));
  }
  return parts;
}

}  // namespace ranklens::study
