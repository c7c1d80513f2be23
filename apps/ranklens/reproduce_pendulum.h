#pragma once

#include "ranklens/study/training/reproductions.h"

#include "common.h"

namespace ranklens::app {

/// Makes the cells of the pendulum's experiment that the folder lacks, and its page.
void reproduce_pendulum(const Common& common, study::reproductions::Extent extent);

}  // namespace ranklens::app
