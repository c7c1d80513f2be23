#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// In which order the cores of a TT matrix meet a batch of vectors.
namespace ranklens::tn {

/// The sizes of a TT matrix of d cores [r_{k-1}, m_k, n_k, r_k].
struct TrainModes {
  std::vector<std::int64_t> out;    ///< m_1..m_d
  std::vector<std::int64_t> in;     ///< n_1..n_d
  std::vector<std::int64_t> ranks;  ///< r_0..r_d, the ends 1

  std::size_t cores() const { return out.size(); }
  /// Products over the cores first..last-1.
  std::int64_t outs(std::size_t first, std::size_t last) const;
  std::int64_t ins(std::size_t first, std::size_t last) const;
};

/// The cores first..last-1, merged into one matrix, are absorbed from one end of what is left.
struct Absorption {
  std::size_t first = 0, last = 0;
  bool from_left = false;
  friend bool operator==(const Absorption&, const Absorption&) = default;
};

/// One step as `batches` products of the step's matrix [rows, inner] with [inner, columns].
struct StepSizes {
  std::int64_t batches = 1, rows = 1, inner = 1, columns = 1;
  double multiply_adds() const;
};

/// An order of absorption. Between steps the state of one batch row is [outs done at the left,
/// r, ins left, r', outs done at the right], so that each step is a product with the state as it
/// lies: nothing is permuted. The batch is the first or the last of these indices; as the last it
/// makes the products wide where few columns are left.
struct Schedule {
  std::vector<Absorption> steps{};
  bool batch_last = false;
  std::int64_t tile = 1;       ///< rows of the batch that are worked on at once
  bool rebuild = false;        ///< the dense matrix is formed: one step, one product
  bool panels = false;         ///< both of two steps in one pass, by panels/two_steps.h; with
                               ///< `rebuild` the matrix in strips, by panels/rebuilt.h, whose
                               ///< halves are the two steps
  std::vector<bool> stored{};  ///< of each step's result but the last, or of the rebuilt matrix:
                               ///< kept for the backward pass
  double seconds = 0;          ///< what the cost model expects

  friend bool operator==(const Schedule&, const Schedule&) = default;
};

/// What a processor does a second, as far as the choice needs it.
struct Rates {
  double product = 8e10;   ///< floating-point operations of a large product
  double dense = 8e10;     ///< the same for the kernel that dense layers use
  double bandwidth = 6e9;  ///< bytes copied
  double call = 1.5e-6;    ///< seconds of a call
  double panels = 0;       ///< operations of the kernels of panels/, 0 where there are none
  std::int64_t lanes = 8;  ///< numbers that these hold in a register
};

/// From which ends cores are absorbed: from both as it comes, from one of them, from the left.
enum class Order { any, one_way, from_left };

struct ScheduleOptions {
  std::int64_t batch = 1;
  bool training = false;         ///< count the backward pass
  std::int64_t bytes = 4;        ///< of a number
  std::int64_t cache = 1 << 22;  ///< bytes of the shared cache that a tile may count on
  double store = 0;              ///< bytes that may be stored for the backward pass
  bool tiled = true;             ///< false on devices that want the whole batch at once
  Order order = Order::any;
  Rates rates{};
};

/// The sizes of every step of `schedule` for `rows` rows of the batch.
std::vector<StepSizes> step_sizes(const TrainModes& modes, const Schedule& schedule,
                                  std::int64_t rows);

/// The cheapest schedule by the cost model: an exact search over all ways to absorb merged groups
/// of cores from either end, with the batch first or last, in two steps by the kernels of panels/,
/// and the dense matrix rebuilt. (Merging
/// cores before they meet the batch is what makes trains faster than dense layers at all: the cost
/// over a dense product's is r (1/m_1 + 1/n_2) for two halves.)
Schedule plan_application(const TrainModes& modes, const ScheduleOptions& options);

/// What plan_application() takes the cheapest of, each with its seconds and what it stores.
std::vector<Schedule> possible_schedules(const TrainModes& modes, const ScheduleOptions& options);

/// Seconds that the model expects of a schedule; of forward alone or of both passes.
double expected_seconds(const TrainModes& modes, const Schedule& schedule,
                        const ScheduleOptions& options);

/// "cores 1-2 from the left, then 3-4; batch last, 64 rows at once".
std::string describe(const Schedule& schedule);

}  // namespace ranklens::tn
