#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/study/experiment.h"

namespace ranklens::study::timings {

/// How long a step of training and a prediction take at fixed ranks, beside the dense network.
struct Options {
  std::int64_t layers = 5;
  std::int64_t width = 5120;  ///< of every layer, inputs among them
  std::int64_t batch = 256;
  /// 400 is there for the break-even claimed, which else lay far from any rank that was timed.
  std::vector<std::int64_t> ranks = {5, 10, 20, 32, 40, 80, 160, 320, 400, 640, 1280, 2560};
  /// Times that each is measured, after two steps to begin with; a long one's second step counts.
  int repeats = 5;
  /// Where steps are held against bounds, or come near to the dense one's: three times as many.
  std::vector<std::int64_t> closely = {32, 400};
  /// Seconds after which a method has no further repeat at a rank; one it always has.
  double patience = 60;
  std::uint64_t seed = 1;
};

/// Whether layers or batches are smaller, or ranks and repeats fewer, than those of which claims
/// are judged.
bool is_reduced(const Options& options);

/// A way of training at a fixed rank.
struct Method {
  std::string name;    ///< "BUG, fixed rank"
  std::string id;      ///< "fixed-bug"
  std::string spec;    ///< of its optimiser, `{0}` standing for the rank
  bool dense = false;  ///< of the network in dense weights
};

/// U V^T by Adam; the dense network by plain descent; BUG at a fixed rank, by Adam and by plain
/// descent; projector splitting and its augmented, corrected form;
/// parallel BUG; BUG in its first, augmented form; two passes with one, two and five core steps.
const std::vector<Method>& methods();

/// Its cells: "rRANK", each with all methods and the dense network by turns:
///   {"rank", "threads", "dense bytes", "predict": TIMES, "train": {ID: TIMES and
///    {"bytes", "factorising"}}}
/// TIMES {"seconds": [each repeat], "dense": [of the dense network just after]}; "bytes": the most
/// that tensors hold in a step, weights, gradients and moments among them; "factorising": the share
/// of a step's time in QR factorisations, orthonormal bases and singular values.
Experiment experiment(const Options& options);

double median(std::vector<double> values);

/// A rank up to which something holds.
struct BreakEven {
  double rank = 0;
  bool beyond = false;  ///< it held up to the last rank there was: the true one is not below
};
/// Where a falling ratio of dense to low-rank seconds comes to 1, between ranks by logarithms: the
/// rank up to which the low-rank form is the faster one; 0 where it is slower from the start.
BreakEven break_even(const std::vector<double>& ranks, const std::vector<double>& ratios);

}  // namespace ranklens::study::timings
