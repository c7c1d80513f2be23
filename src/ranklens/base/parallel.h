#pragma once

#include <cstdint>
#include <functional>

namespace ranklens::base {

/// Calls body(begin, end) for parts of [0, count) that together are all of it, side by side: one on
/// each of the threads that tensor operators use, or on fewer where a part would have less than
/// about `grain` items. A call inside a body runs on that body's thread. An exception of a body
/// reaches the caller.
///
/// The one way to compute on several threads: at::parallel_for is a template that runs on one
/// thread, without a word, in every file that was compiled without OpenMP.
void parallel_over(std::int64_t count, std::int64_t grain,
                   const std::function<void(std::int64_t begin, std::int64_t end)>& body);

}  // namespace ranklens::base
