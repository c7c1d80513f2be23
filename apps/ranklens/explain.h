#pragma once

#include <string>
#include <vector>

#include "ranklens/explain/attribution.h"
#include "ranklens/report/page.h"

#include "model.h"

namespace ranklens::app {

struct ExplainOptions {
  Common common;
  ModelOptions model;
  std::vector<std::string> photos;
  std::string images, targets, target;
  std::string methods = "gradcam";
  std::string layer, preset;
  std::string report;
  std::string memory = "1G";
};

/// The images that are explained and what the network says of them.
struct Subjects {
  at::Tensor images;               ///< [N,C,H,W]
  std::vector<std::string> names;  ///< of photos; empty where the images come from an .npy file
  at::Tensor probabilities;        ///< [N, classes]
  at::Tensor targets;              ///< int64 [N]

  /// Class numbers and probabilities of an image, best first, at most five.
  std::vector<std::pair<std::int64_t, double>> best(std::int64_t image) const;
};

/// One method's answer.
struct Explanation {
  std::string spec;  ///< as it was run
  std::string file;  ///< "gradcam.npy"
  explain::Attribution attribution;
  double seconds = 0;

  std::string id() const { return file.substr(0, file.rfind('.')); }
};

/// The specs to run: those of --method with --layer and --preset put in. Error for a method,
/// option, preset or layer that does not exist.
std::vector<std::string> specs_of(const ExplainOptions& options, const nn::Network& network);

/// Reads the images and asks the network about them.
Subjects read_subjects(const ExplainOptions& options, const OpenedModel& opened);

/// The page: what the network takes each image for, and the maps over it.
report::ReportData explanation_page(const ExplainOptions& options, const OpenedModel& opened,
                                    const Subjects& subjects,
                                    const std::vector<Explanation>& explanations);

}  // namespace ranklens::app
