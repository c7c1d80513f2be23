#pragma once

#include "ranklens/base/image.h"
#include "ranklens/data/dataset.h"

namespace ranklens::data {

struct SheetOptions {
  int columns = 10;      ///< images of each class
  int scale = 3;         ///< screen pixels for a pixel
  bool outline = false;  ///< draw the borders of masks: objects magenta, shortcuts yellow
};

/// A contact sheet: a row for each class with its name and its first images.
base::Image contact_sheet(const Dataset& data, const SheetOptions& options = {});

}  // namespace ranklens::data
