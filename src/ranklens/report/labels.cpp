#include "ranklens/report/labels.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "ranklens/explain/labels.h"

namespace ranklens::report {
namespace {

constexpr std::string_view kUntrained = " untrained";

struct Row {
  std::string_view id, label, unit;
};

constexpr std::array kMetrics{
    Row{"pointing_game", "pointing game", ""},
    Row{"mass_accuracy", "mass inside the mask", ""},
    Row{"rank_accuracy", "top pixels inside the mask", ""},
    Row{"iou", "overlap with the mask (IoU)", ""},
    Row{"roc_auc", "ROC-AUC of the mask", ""},
    Row{"gini", "Gini index", ""},
    Row{"entropy", "entropy", "nats"},
    Row{"normalised_entropy", "entropy, 1 = even", ""},
    Row{"effective_complexity", "pixels in use", "pixels"},
    Row{"spatial_spread", "spatial spread, 1 = even", ""},
    Row{"deletion", "deletion, probability", ""},
    Row{"insertion", "insertion, probability", ""},
    Row{"deletion_logit", "deletion, logit", ""},
    Row{"insertion_logit", "insertion, logit", ""},
    Row{"spearman", "rank correlation (Spearman)", ""},
    Row{"ssim", "structural similarity (SSIM)", ""},
    Row{"top_k_iou", "overlap of the top tenth (IoU)", ""},
    Row{"cosine", "cosine similarity", ""},
};

}  // namespace

std::string method_label(std::string_view id) {
  if (id.size() > kUntrained.size() && id.ends_with(kUntrained)) {
    id.remove_suffix(kUntrained.size());
    return method_label(id) + ", untrained network";
  }
  if (const auto pair = id.find('~'); pair != std::string_view::npos) {
    return method_label(id.substr(0, pair)) + " with " + method_label(id.substr(pair + 1));
  }
  return explain::method_label(id);
}

MetricLabel metric_label(std::string_view id) {
  for (const Row& row : kMetrics) {
    if (row.id == id) return {capitalised(std::string(row.label)), std::string(row.unit)};
  }
  std::string label(id);
  std::replace(label.begin(), label.end(), '_', ' ');
  return {capitalised(std::move(label)), ""};
}

std::string capitalised(std::string text) {
  if (!text.empty())
    text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text;
}

}  // namespace ranklens::report
