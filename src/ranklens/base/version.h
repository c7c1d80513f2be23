#pragma once

#include <string>

namespace ranklens::base {

/// What a manifest says about the program and the machine.
std::string version();           ///< of ranklens, "0.1.0"
std::string libtorch_version();  ///< "2.13.0"
std::string processor();         ///< "AMD EPYC 7713", or "unknown"
std::string instruction_set();   ///< libtorch's choice of kernels: "AVX2", "AVX512", "DEFAULT"

}  // namespace ranklens::base
