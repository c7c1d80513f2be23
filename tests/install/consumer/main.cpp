#include <iostream>
#include <ranklens/base/version.h>
#include <ranklens/compress/compress.h>
#include <ranklens/nn/model_file.h>
#include <ranklens/nn/zoo/zoo.h>

int main() {
  using namespace ranklens;
  const auto network = nn::zoo::make("cnn-dense", {.size = 16, .classes = 10, .width = 8});
  const auto smaller = compress::compress(network, compress::parse_scheme("*: low_rank(r=4)"));
  nn::write_model("small.safetensors", {.network = smaller.network});
  std::cout << "consumer: ranklens " << base::version() << ", " << network.state.parameters()
            << " to " << nn::read_model("small.safetensors").network.state.parameters()
            << " parameters\n";
}
