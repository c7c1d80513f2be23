#include "data_options.h"

#include <CLI/CLI.hpp>

#include "ranklens/data/open.h"

#include "checks.h"

namespace ranklens::app {

void add_data_options(CLI::App& command, DataOptions& options) {
  command.add_option("--data", options.source, data::kSources)->required();
  command.add_flag("--grey", options.grey, "one channel");
  command.add_option("--limit", options.limit, "at most so many images of a part (0: all)")
      ->check(whole_number(0));
  command.add_option("--size", options.size, "scale and crop to so many pixels a side (0: leave)")
      ->check(whole_number(0, 4096));
}

data::Dataset open_data(const DataOptions& options, data::Split split) {
  return data::open(
      options.source,
      {.split = split, .grey = options.grey, .limit = options.limit, .size = options.size});
}

nn::zoo::Options fitted(nn::zoo::Options shape, const data::Dataset& data) {
  shape.channels = data.channels();
  shape.size = data.height();
  shape.classes = static_cast<std::int64_t>(data.classes.size());
  return shape;
}

}  // namespace ranklens::app
