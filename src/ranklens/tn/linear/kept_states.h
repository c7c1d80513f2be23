#pragma once

namespace ranklens::tn {

/// The most bytes that one layer on a processor keeps from the forward to the backward pass
/// (KeepStates::fast). The first call decides: an eighth of the memory that this process can have
/// at all (base::memory_there_is()). What is free at the moment does not count: another order of a
/// layer's sums has other last bits, and these may not depend on what else the machine does.
double state_allowance();

/// Another one for this process; at least 0. Checkpoints of trainings remember it, so that a run
/// goes on elsewhere as it began.
void set_state_allowance(double bytes);

}  // namespace ranklens::tn
