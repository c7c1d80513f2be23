#include "ranklens/train/provenance.h"

#include <algorithm>

#include "ranklens/base/memory.h"
#include "ranklens/base/product.h"
#include "ranklens/base/threads.h"
#include "ranklens/base/version.h"
#include "ranklens/nn/fused/winograd.h"
#include "ranklens/tn/linear/kept_states.h"

namespace ranklens::train {

Provenance provenance_here(c10::Device device) {
  return {{"ranklens", {base::version_and_commit()}},
          {"libtorch", {base::libtorch_version()}},
          {"processor", {base::processor()}},
          {"instructions", {base::instruction_set()}},
          {"threads", {std::to_string(base::threads())}},
          {"matrix products", {std::string(base::to_string(base::product_kernel()))}},
          {"convolutions", {std::string(nn::fused::to_string(nn::fused::convolutions()))}},
          {"kept states", {"up to " + base::readable_bytes(tn::state_allowance()) + " a layer"}},
          {"device", {device.str()}}};
}

void add(Provenance& provenance, const Provenance& more) {
  for (const auto& [key, values] : more) {
    auto& known = provenance[key];
    for (const auto& value : values) {
      if (std::find(known.begin(), known.end(), value) == known.end()) known.push_back(value);
    }
  }
}

}  // namespace ranklens::train
