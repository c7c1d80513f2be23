#pragma once

#include <string>

#include <CLI/App.hpp>

#include "ranklens/data/open.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::app {

/// Which labelled images a command works on.
struct DataOptions {
  std::string source;
  bool grey = false;
  std::int64_t limit = 0;
  std::int64_t size = 0;
};

/// Adds --data (required), --grey, --limit and --size.
void add_data_options(CLI::App& command, DataOptions& options);

/// Opens a part of it. Generated images are those of a study, whatever --seed is.
data::Dataset open_data(const DataOptions& options, data::Split split);

/// The shape of a built-in network, fitted to the images and classes of the data.
nn::zoo::Options fitted(nn::zoo::Options shape, const data::Dataset& data);

}  // namespace ranklens::app
