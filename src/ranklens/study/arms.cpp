#include "ranklens/study/arms.h"

#include "ranklens/base/error.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/config.h"

namespace ranklens::study {
namespace {

const std::vector<Arm>& table() {
  static const std::vector<Arm> all{
      {.name = "dense", .label = "dense", .network = "cnn-dense"},
      {.name = "tt-matched", .label = "TT (same shape)", .network = "cnn-tt-matched"},
      {.name = "low-rank", .label = "low rank", .network = "cnn-low-rank"},
      {.name = "tt", .label = "TT (published head)", .network = "cnn-tt"},
      {.name = "tt-trunk", .label = "TT trunk", .network = "cnn-tt-trunk"},
  };
  return all;
}

}  // namespace

std::vector<Arm> arms() { return table(); }

const Arm& arm(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& candidate : table()) {
    if (candidate.name == name) return candidate;
    names.push_back(candidate.name);
  }
  base::fail("no arm is called '{}'{}", name, base::nearest_hint(name, names));
}

nn::Network build(const Arm& arm, const Config& config, const data::Dataset& data,
                  std::uint64_t seed) {
  return nn::zoo::make(arm.network, {.channels = data.channels(),
                                     .size = data.height(),
                                     .classes = static_cast<std::int64_t>(data.classes.size()),
                                     .width = config.width,
                                     .hidden = {},
                                     .head = {},
                                     .dropout = config.dropout,
                                     .seed = seed});
}

}  // namespace ranklens::study
