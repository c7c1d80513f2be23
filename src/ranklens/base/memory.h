#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ranklens::base {

/// Bytes that this process can have at most: the machine's memory, or less where a limit of the
/// process or of its group says so. Nothing where the system does not say.
std::optional<std::int64_t> memory_there_is();

/// Error unless so many bytes can be had at all: what is far too large is said before the work, and
/// not by a failed allocation, or by the system ending the process, in the middle of it. `what` is
/// the beginning of the sentence, in the singular ("a network of 3 parameters").
void require_memory(double bytes, const std::string& what);

/// "512 MB", "1.5 GB", "3 TB": powers of 1000, as many digits as matter.
std::string readable_bytes(double bytes);

}  // namespace ranklens::base
