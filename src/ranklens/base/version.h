#pragma once

#include <string>

namespace ranklens::base {

/// What a manifest says about the program and the machine.
std::string version();  ///< of ranklens, "0.1.0"
/// The one that last changed its sources, "47da19fe2b", or "47da19fe2b-changed" where they have
/// been since; "" where they were built outside of a checkout.
std::string commit();
std::string version_and_commit();  ///< "0.1.0 (47da19fe2b)"
std::string libtorch_version();    ///< "2.13.0"
std::string processor();           ///< "AMD EPYC 7713", or "unknown"
std::string instruction_set();     ///< libtorch's choice of kernels: "AVX2", "AVX512", "DEFAULT"

}  // namespace ranklens::base
