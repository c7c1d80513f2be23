#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ranklens/study/lease.h"

namespace ranklens::study {

/// Pieces of work that are made once each, by any number of processes that share a folder.
struct GridWork {
  std::vector<std::string> names = {};
  /// Where claims lie, one lease a name.
  std::filesystem::path claims = {};
  /// Whether the result of a piece is there. Called again after a claim was made: it may have been
  /// finished in between.
  std::function<bool(const std::string& name)> finished = {};
  /// Makes a piece and stores its result, unless the lease is lost meanwhile. False where there is
  /// none: interrupted, or lost.
  std::function<bool(const std::string& name, const Lease& lease)> make = {};
  /// Told, in one line, when this process has to wait for others.
  std::function<void(const std::string& line)> note = {};
};

/// Works until every result is there; false when base::interrupted() came first.
bool work_through(const GridWork& work);

}  // namespace ranklens::study
