#include "ranklens/explain/labels.h"

#include <algorithm>
#include <array>

namespace ranklens::explain {
namespace {

struct Row {
  std::string_view name, label;
};

constexpr std::array kLabels{
    Row{"gradcam", "Grad-CAM"},
    Row{"saliency", "Saliency"},
    Row{"smoothgrad", "SmoothGrad"},
    Row{"input_x_gradient", "Input × gradient"},
    Row{"integrated_gradients", "Integrated gradients"},
    Row{"untrained", "Untrained network"},
    Row{"random", "Random map"},
    Row{"sobel", "Sobel edges"},
    Row{"centre_prior", "Centre prior"},
};

}  // namespace

std::string method_label(std::string_view name) {
  for (const Row& row : kLabels) {
    if (row.name == name) return std::string(row.label);
  }
  std::string label(name);
  std::replace(label.begin(), label.end(), '_', ' ');
  return label;
}

}  // namespace ranklens::explain
