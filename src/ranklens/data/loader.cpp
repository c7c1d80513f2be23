#include "ranklens/data/loader.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"

namespace ranklens::data {
namespace {

using base::require;

std::int64_t batches_of(const Dataset& data, const LoaderOptions& options) {
  require(options.batch >= 1, "a batch holds at least 1 image, not {}", options.batch);
  require(options.ahead >= 1, "at least 1 batch is kept ready, not {}", options.ahead);
  const std::int64_t whole = data.size() / options.batch;
  const bool rest = data.size() % options.batch != 0 && !options.drop_last;
  require(whole > 0 || rest, "{} images do not fill a batch of {}", data.size(), options.batch);
  return whole + (rest ? 1 : 0);
}

at::Tensor labels_of(const Dataset& data, const at::Tensor& indices) {
  at::Tensor labels = at::empty(indices.sizes(), at::kLong);
  const auto* from = data.labels.const_data_ptr<std::int64_t>();
  const auto* chosen = indices.const_data_ptr<std::int64_t>();
  auto* to = labels.mutable_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < indices.size(0); ++i) to[i] = from[chosen[i]];
  return labels;
}

}  // namespace

at::Tensor epoch_order(std::int64_t count, std::uint64_t seed, std::int64_t epoch, bool shuffle) {
  if (!shuffle) return at::arange(count, at::kLong);
  return base::Stream(seed, "order", "images", static_cast<std::uint64_t>(epoch))
      .permutation(count);
}

Batch batch_of(const Dataset& data, const at::Tensor& indices, bool channels_last) {
  Batch batch;
  batch.images = augmented(data.images, indices, {}, 0, 0, channels_last);
  batch.labels = labels_of(data, indices);
  batch.indices = indices;
  return batch;
}

Loader::Loader(Dataset data, LoaderOptions options, Position start)
    : data_(std::move(data)),
      options_(std::move(options)),
      batches_(batches_of(data_, options_)),
      start_(start) {
  require(start.epoch >= 0 && start.batch >= 0 && start.batch < batches_,
          "there is no batch {} in epoch {}; an epoch has {}", start.batch, start.epoch, batches_);
  worker_ = std::thread([this] { work(); });
}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

Batch Loader::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || failure_; });
  if (ready_.empty()) std::rethrow_exception(failure_);
  Batch batch = std::move(ready_.front());
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
  return batch;
}

Batch Loader::make(Position position, const at::Tensor& order) const {
  const std::int64_t first = position.batch * options_.batch;
  Batch batch;
  batch.indices = order.narrow(0, first, std::min(options_.batch, data_.size() - first)).clone();
  batch.images = augmented(data_.images, batch.indices, options_.augment, options_.seed,
                           position.epoch, options_.channels_last);
  batch.labels = labels_of(data_, batch.indices);
  batch.position = position;
  batch.last = position.batch + 1 == batches_;
  if (options_.then) options_.then(batch);
  return batch;
}

// Waits for room; false when the loader is being destroyed.
bool Loader::put(Batch batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return stopping_ || ready_.size() < static_cast<std::size_t>(options_.ahead);
  });
  if (stopping_) return false;
  ready_.push_back(std::move(batch));
  lock.unlock();
  changed_.notify_all();
  return true;
}

void Loader::work() noexcept {
  try {
    for (Position at = start_;; ++at.epoch, at.batch = 0) {
      const at::Tensor order = epoch_order(data_.size(), options_.seed, at.epoch, options_.shuffle);
      for (; at.batch < batches_; ++at.batch) {
        if (!put(make(at, order))) return;
      }
    }
  } catch (...) {
    {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
    }
    changed_.notify_all();
  }
}

}  // namespace ranklens::data
