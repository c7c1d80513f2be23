#pragma once

#include <cstdint>
#include <vector>

namespace ranklens::report {

/// How many times as fast as the dense network a batch was at a rank, as published: five layers of
/// width 5120 in TensorFlow, the hardware and the size of batches not told (Schotthöfer, Zangrando,
/// Kusch, Ceruti, Tudisco 2022, section 5.1, the authors' CSV).
struct PrintedSpeedup {
  std::int64_t rank = 0;
  double step = 0, prediction = 0;
};

const std::vector<PrintedSpeedup>& printed_speedups();

/// Ranks up to which they were faster, between the rows.
constexpr double kPrintedBreakEvenStep = 131, kPrintedBreakEvenPrediction = 2190;

}  // namespace ranklens::report
