#include "ranklens/tn/linalg/walk.h"

#include <algorithm>

namespace ranklens::tn {

std::int64_t Walk::count() const {
  std::int64_t values = 1;
  for (const auto size : sizes) values *= size;
  return values;
}

void Walk::place(std::int64_t begin, std::int64_t count, std::int64_t* offsets) const {
  if (even()) {
    for (std::int64_t k = 0; k < count; ++k) offsets[k] = (begin + k) * stride();
    return;
  }
  std::vector<std::int64_t> value(sizes.size());
  std::int64_t offset = 0;
  for (std::size_t mode = sizes.size(); mode-- > 0; begin /= sizes[mode]) {
    value[mode] = begin % sizes[mode];
    offset += value[mode] * strides[mode];
  }
  const auto last = sizes.size() - 1;
  for (;;) {
    const auto run = std::min(count, sizes[last] - value[last]);
    for (std::int64_t k = 0; k < run; ++k) offsets[k] = offset + k * strides[last];
    offsets += run;
    count -= run;
    if (count == 0) return;
    offset -= value[last] * strides[last];
    value[last] = 0;
    for (auto mode = last; mode-- > 0;) {
      offset += strides[mode];
      if (++value[mode] < sizes[mode]) break;
      offset -= value[mode] * strides[mode];
      value[mode] = 0;
    }
  }
}

Walk joined(const Walk& walk) {
  Walk fewer;
  for (std::size_t mode = 0; mode < walk.sizes.size(); ++mode) {
    const auto size = walk.sizes[mode], stride = walk.strides[mode];
    if (size == 1) continue;
    if (!fewer.sizes.empty() && fewer.strides.back() == stride * size) {
      fewer.sizes.back() *= size;
      fewer.strides.back() = stride;
    } else {
      fewer.sizes.push_back(size);
      fewer.strides.push_back(stride);
    }
  }
  return fewer;
}

const std::int64_t* WalkTable::at(std::int64_t begin, std::int64_t count) {
  if (begin == begin_ && count == count_) return offsets_.data();
  offsets_.resize(static_cast<std::size_t>(count));
  walk_.place(begin, count, offsets_.data());
  begin_ = begin;
  count_ = count;
  return offsets_.data();
}

}  // namespace ranklens::tn
