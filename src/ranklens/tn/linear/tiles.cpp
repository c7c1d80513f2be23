#include "ranklens/tn/linear/tiles.h"

#include <map>
#include <mutex>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/parallel.h"
#include "ranklens/tn/linear/step_gradient.h"

namespace ranklens::tn {
namespace {

/// One step's operands for some rows of the batch: in [P, c, n], out [P, a, n].
StepSizes sizes_for(const Application& work, std::size_t step, std::int64_t rows) {
  auto sizes = work.sizes[step];
  (work.schedule.batch_last ? sizes.columns : sizes.batches) *= rows;
  return sizes;
}

/// out = matrix in, for every batch. All are contiguous but the matrix, which may be transposed.
void multiply(const at::Tensor& matrix, const at::Tensor& in, at::Tensor out, const StepSizes& s) {
  if (s.columns == 1) {
    auto flat = out.view({s.batches, s.rows});
    at::mm_out(flat, in.view({s.batches, s.inner}), matrix.t());
  } else if (s.batches == 1) {
    auto flat = out.view({s.rows, s.columns});
    at::mm_out(flat, matrix, in.view({s.inner, s.columns}));
  } else {
    auto whole = out.view({s.batches, s.rows, s.columns});
    at::bmm_out(whole, matrix.expand({s.batches, -1, -1}),
                in.view({s.batches, s.inner, s.columns}));
  }
}

at::Tensor part_of(const at::Tensor& memory, std::int64_t numbers) {
  return memory.narrow(0, 0, numbers);
}

std::int64_t result_size(const StepSizes& s) { return s.batches * s.rows * s.columns; }

/// Memory of one worker, and what it does with a tile of rows begin..end.
class Worker {
 public:
  Worker(const Application& work, const at::Tensor& x, bool backward) : work_(work), x_(x) {
    const auto tile = work.schedule.tile;
    const auto room = [&](std::int64_t numbers) {
      return at::empty({tile * numbers}, x.options());
    };
    const auto steps = work.sizes.size();
    if (work.schedule.batch_last) first_ = room(x.size(1));
    for (std::size_t k = 0; k + 1 < steps; ++k)
      results_.push_back(room(result_size(work.sizes[k])));
    if (work.schedule.batch_last || backward) last_ = room(result_size(work.sizes.back()));
    if (!backward) return;
    std::int64_t most = x.size(1);
    for (const auto& s : work.sizes) most = std::max(most, result_size(s));
    for (auto& memory : gradients_) memory = room(most);
  }

  /// The states up to step `until`; those in `kept` are read from or written to there.
  std::vector<at::Tensor> states(std::int64_t begin, std::int64_t end, std::size_t until,
                                 const std::vector<at::Tensor>& kept, bool read) {
    const auto rows = end - begin;
    std::vector<at::Tensor> found{input(begin, end)};
    for (std::size_t k = 0; k < until; ++k) {
      const auto size = result_size(work_.sizes[k]);
      const bool there = !kept.empty() && kept[k].defined();
      auto out =
          there ? kept[k].narrow(0, begin * size, rows * size) : part_of(results_[k], rows * size);
      if (!(there && read)) multiply(work_.matrices[k], found[k], out, sizes_for(work_, k, rows));
      found.push_back(out);
    }
    return found;
  }

  void forward(std::int64_t begin, std::int64_t end, const at::Tensor& bias, at::Tensor y,
               const std::vector<at::Tensor>& kept) {
    const auto rows = end - begin;
    const auto last = work_.sizes.size() - 1;
    const auto before = states(begin, end, last, kept, false);
    auto mine = y.narrow(0, begin, rows);
    const auto sizes = sizes_for(work_, last, rows);
    if (work_.schedule.batch_last) {
      auto out = part_of(last_, rows * y.size(1));
      multiply(work_.matrices[last], before[last], out, sizes);
      mine.copy_(out.view({y.size(1), rows}).t());
    } else {
      multiply(work_.matrices[last], before[last], mine.view(-1), sizes);
    }
    if (bias.defined()) mine.add_(bias);
  }

  void backward(std::int64_t begin, std::int64_t end, const at::Tensor& dy,
                const std::vector<at::Tensor>& kept, std::vector<at::Tensor>& sums, at::Tensor dx) {
    const auto rows = end - begin;
    const auto steps = work_.sizes.size();
    const auto before = states(begin, end, steps - 1, kept, true);
    auto gradient = dy.narrow(0, begin, rows).view(-1);
    if (work_.schedule.batch_last) {
      gradient = part_of(last_, rows * dy.size(1));
      gradient.view({dy.size(1), rows}).copy_(dy.narrow(0, begin, rows).t());
    }
    for (auto k = steps; k-- > 0;) {
      const auto sizes = sizes_for(work_, k, rows);
      add_step_gradient(sums[k], before[k], gradient, sizes);
      if (k == 0 && !dx.defined()) return;
      const bool in_place = k == 0 && !work_.schedule.batch_last;
      auto next = in_place
                      ? dx.narrow(0, begin, rows).view(-1)
                      : part_of(gradients_[k % 2], sizes.batches * sizes.inner * sizes.columns);
      multiply(work_.matrices[k].mH(), gradient, next,
               {sizes.batches, sizes.inner, sizes.rows, sizes.columns});
      gradient = next;
    }
    if (work_.schedule.batch_last)
      dx.narrow(0, begin, rows).copy_(gradient.view({dx.size(1), rows}).t());
  }

 private:
  at::Tensor input(std::int64_t begin, std::int64_t end) {
    const auto rows = x_.narrow(0, begin, end - begin);
    if (!work_.schedule.batch_last) return rows.view(-1);
    auto turned = part_of(first_, rows.numel());
    turned.view({x_.size(1), end - begin}).copy_(rows.t());
    return turned;
  }

  const Application& work_;
  const at::Tensor& x_;
  at::Tensor first_, last_;
  std::vector<at::Tensor> results_;
  at::Tensor gradients_[2];
};

/// Calls body(worker's number, begin, end) for tiles, shared among the threads on a processor.
template <class Body>
void over_tiles(const Application& work, const at::Tensor& x, Body&& body) {
  const auto batch = x.size(0), tile = work.schedule.tile;
  const auto tiles = (batch + tile - 1) / tile;
  const auto run = [&](std::int64_t first, std::int64_t last) {
    const at::NoGradGuard no_gradients;  // a property of the thread
    body(first * tile, std::min(last * tile, batch));
  };
  // One tile is left to the threads of the products themselves.
  if (x.is_cpu() && tiles > 1) {
    base::parallel_over(tiles, 1, run);
  } else {
    run(0, tiles);
  }
}

}  // namespace

at::Tensor apply_tiles(const Application& work, const at::Tensor& x, const at::Tensor& bias,
                       std::vector<at::Tensor>* kept) {
  auto y = at::empty({x.size(0), work.matrices.back().size(0) * work.sizes.back().batches *
                                     work.sizes.back().columns},
                     x.options());
  std::vector<at::Tensor> states;
  if (kept != nullptr) {
    for (std::size_t k = 0; k + 1 < work.sizes.size(); ++k) {
      const auto size = x.size(0) * result_size(work.sizes[k]);
      states.push_back(work.schedule.stored[k] ? at::empty({size}, x.options()) : at::Tensor());
    }
    *kept = states;
  }
  over_tiles(work, x, [&](std::int64_t begin, std::int64_t end) {
    Worker worker(work, x, false);
    for (auto row = begin; row < end; row += work.schedule.tile)
      worker.forward(row, std::min(row + work.schedule.tile, end), bias, y, states);
  });
  return y;
}

ApplicationGradients apply_tiles_backward(const Application& work, const at::Tensor& x,
                                          const at::Tensor& dy, const std::vector<at::Tensor>& kept,
                                          bool x_wanted) {
  ApplicationGradients found;
  if (x_wanted) found.x = at::empty(x.sizes(), x.options());
  const bool narrow = x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf;
  const auto zeros = [&] {
    std::vector<at::Tensor> sums;
    for (const auto& matrix : work.matrices)
      sums.push_back(at::zeros(matrix.sizes(),
                               narrow ? matrix.options().dtype(at::kFloat) : matrix.options()));
    return sums;
  };
  std::map<std::int64_t, std::vector<at::Tensor>> parts;  // by their first row: added in that order
  std::mutex mutex;
  over_tiles(work, x, [&](std::int64_t begin, std::int64_t end) {
    Worker worker(work, x, true);
    auto sums = zeros();
    for (auto row = begin; row < end; row += work.schedule.tile)
      worker.backward(row, std::min(row + work.schedule.tile, end), dy, kept, sums, found.x);
    const std::lock_guard lock(mutex);
    parts.emplace(begin, std::move(sums));
  });
  for (auto& [begin, sums] : parts) {
    if (found.matrices.empty()) {
      found.matrices = std::move(sums);
    } else {
      for (std::size_t k = 0; k < sums.size(); ++k) found.matrices[k].add_(sums[k]);
    }
  }
  for (std::size_t k = 0; narrow && k < work.matrices.size(); ++k)
    found.matrices[k] = found.matrices[k].to(x.scalar_type());
  return found;
}

}  // namespace ranklens::tn
