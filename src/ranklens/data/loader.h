#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include <ATen/core/Tensor.h>

#include "ranklens/data/augment.h"
#include "ranklens/data/dataset.h"

namespace ranklens::data {

/// A place in the endless sequence of batches.
struct Position {
  std::int64_t epoch = 0;
  std::int64_t batch = 0;  ///< within the epoch

  friend bool operator==(const Position&, const Position&) = default;
};

struct Batch {
  at::Tensor images;   ///< float32 [B, C, H, W] in [0, 1]
  at::Tensor labels;   ///< int64 [B]
  at::Tensor indices;  ///< int64 [B], items of the data set
  Position position;
  bool last = false;  ///< of its epoch
};

struct LoaderOptions {
  std::int64_t batch = 128;
  bool shuffle = true;
  bool drop_last = false;  ///< leave out an epoch's last batch where it is smaller
  bool channels_last = false;
  Augment augment{};
  std::uint64_t seed = 0;
  int ahead = 2;                       ///< batches kept ready
  std::function<void(Batch&)> then{};  ///< called on the worker thread with each batch
};

/// The order of an epoch: int64 [count], a permutation keyed by (seed, epoch).
at::Tensor epoch_order(std::int64_t count, std::uint64_t seed, std::int64_t epoch, bool shuffle);

/// Batches for training, prepared on a thread of its own. What a batch holds depends on the data,
/// the options and its position alone: a loader started at a position gives what another gives
/// when it arrives there. Only one thread may call next().
class Loader {
 public:
  Loader(Dataset data, LoaderOptions options, Position start = {});
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The next batch; after an epoch's last one comes the first of the next epoch. Waits until it is
  /// ready. An exception of the worker is thrown here, after the batches before it.
  Batch next();

  /// Batches in an epoch.
  std::int64_t batches() const { return batches_; }

 private:
  void work() noexcept;
  Batch make(Position position, const at::Tensor& order) const;
  bool put(Batch batch);

  const Dataset data_;
  const LoaderOptions options_;
  const std::int64_t batches_;
  const Position start_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::thread worker_;  // last: starts when all else is there
};

/// One batch of the given items in that order, without a thread: for evaluation.
Batch batch_of(const Dataset& data, const at::Tensor& indices, bool channels_last = false);

}  // namespace ranklens::data
