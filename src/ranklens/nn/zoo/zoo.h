#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/nn/network.h"

namespace ranklens::nn::zoo {

/// What every built-in network can be told. Zero means the network's own default.
struct Options {
  std::int64_t channels = 0;
  std::int64_t size = 0;  ///< images are size x size
  std::int64_t classes = 0;
  /// Channels of the first convolutions of the `cnn-*` networks: 32 is the published width, 16 the
  /// narrow one. Of `mps-classifier` the bond dimension.
  std::int64_t width = 0;
  /// Hidden layers of `mlp`.
  std::vector<std::int64_t> hidden = {};
  /// Spec of the weight of the layer `head` (of cnn-dense and lenet5; of mlp its first), e.g.
  /// "tt(out=8x4x4,in=16x16x8,r=16)".
  std::string head = {};
  /// How weights of layers are stored, by their names and before what `head` says:
  /// "conv*: low_rank(r=16); fc1: tt(r=8)". Entries have the variance of the dense weight's.
  std::string layers = {};
  /// Factor on the dropout rates of the `cnn-*` networks, in [0, 1]: 1 as published, 0 for none.
  double dropout = 1;
  std::uint64_t seed = 0;
};

struct Description {
  std::string name;
  std::string text;
};

/// The built-in networks, in the order in which they are listed to users.
std::vector<Description> list();

/// A fresh built-in network; an Error names the nearest for an unknown name, and refuses options
/// that the network does not have.
Network make(const std::string& name, const Options& options = {});
bool contains(const std::string& name);
/// Whether it has a width, or dropout rates, to choose; false for an unknown name.
bool has_width(const std::string& name);
bool has_dropout(const std::string& name);

/// The convolutional network of the tensor-train hackathon with its dense head (551,146 trainable
/// parameters at one channel): three blocks conv-ReLU-BN-conv-ReLU-BN-pool-dropout, dense
/// flatten->128, BN, dropout, dense->classes.
Network cnn_dense(const Options& options);
/// The same trunk with the hackathon's tensor-train head, 2048 -> 13,824 -> 512 -> classes
/// (498,282).
Network cnn_tt(const Options& options);
/// The dense network with its layer `head` as a tensor train of the same shape.
Network cnn_tt_matched(const Options& options);
/// The dense network with its layer `head` of low rank, with about as many parameters as
/// cnn_tt_matched.
Network cnn_low_rank(const Options& options);
/// The dense network with its convolutions, but the first, as tensor trains over window and
/// channels (Garipov, Podoprikhin, Novikov, Vetrov 2016), each of at most a quarter of the dense
/// kernel's numbers at one rank for all its bonds; the head stays dense.
Network cnn_tt_trunk(const Options& options);
/// LeCun, Bottou, Bengio, Haffner 1998 in the form of the low-rank literature: 20 and 50 filters of
/// 5x5, 500 hidden.
Network lenet5(const Options& options);
Network mlp(const Options& options);
/// Stoudenmire, Schwab 2016: means of 2x2 pixels, row by row, as the sites of a matrix product
/// state whose middle carries the label; 28x28 images have the 196 sites of that paper. Its feature
/// map is [1 - x, x]: with cores near the identity, where training begins, values are near one
/// whatever the image and however many sites, as they are not for cosine and sine.
Network mps_classifier(const Options& options);
/// He, Zhang, Ren, Sun 2016, with torchvision's names.
Network resnet18(const Options& options);
Network resnet50(const Options& options);
/// The same paper's network for 32x32 images, of 16, 32 and 64 channels, with shortcuts without
/// weights, and two layers of 64 after a dropout of 0.3 before its classes.
Network resnet20(const Options& options);
/// Krizhevsky, Sutskever, Hinton 2012, in a form for 32x32 images: five convolutions with batch
/// norm (64, 192, 384, 256, 256), two hidden layers of 4096.
Network alexnet_cifar(const Options& options);
/// Simonyan, Zisserman 2015, configurations A, B, D and E, with batch norm, for 32x32 images:
/// hidden layers of 4096 on 512 channels.
Network vgg11(const Options& options);
Network vgg13(const Options& options);
Network vgg16(const Options& options);
Network vgg19(const Options& options);
/// Liu, Tan 2020: EfficientNet-Lite0, TensorFlow "same" padding, ReLU6, inputs in [0, 1].
Network efficientnet_lite0(const Options& options);

}  // namespace ranklens::nn::zoo
