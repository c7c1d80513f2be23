#pragma once

#include "common.h"

namespace ranklens::app {

/// How much of an experiment is run.
enum class Extent { full, quick, smoke };

/// Makes the cells of the pendulum's experiment that the folder lacks, and its page.
void reproduce_pendulum(const Common& common, Extent extent);

}  // namespace ranklens::app
