#include "ranklens/train/try_step.h"

#include <algorithm>

#include <ATen/ops/arange.h>

#include "ranklens/base/random.h"
#include "ranklens/data/pixels.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"

namespace ranklens::train {

void try_step(const nn::Network& network, const data::Dataset& data, std::string_view optimiser,
              const Execution& execution) {
  constexpr std::int64_t kImages = 2;  // a network may not take one alone
  const auto some = data::select(data, at::arange(std::min(kImages, data.size())));
  auto state = laid_out(network.state.clone(), execution);
  const auto device = device_of(state);
  data::Batch batch;
  batch.images = data::in_unit_range(some.images).to(device);
  if (execution.channels_last && batch.images.dim() == 4)
    batch.images = batch.images.contiguous(at::MemoryFormat::ChannelsLast);
  batch.labels = some.labels.to(device);
  BatchObjective objective(network.graph, batch, base::Stream(0, "dropout"),
                           {.execution = execution});
  optim::make_optimiser(optimiser)->step(state, objective);
}

}  // namespace ranklens::train
