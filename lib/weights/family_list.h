// Lists the network families, one line each, in the order in which --model shows them. Each name
// here needs two specialisations: RowOf<> in lib/weights/families (lib/weights/family.h) and
// NetworkOf<> in lib/model/families (lib/model/family_network.h). Linking fails if one of them is
// missing.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

template <class... Types>
struct TypeList {};

namespace family {

// clang-format off
using List = TypeList<
    struct R3d,
    struct PreAct,
    struct Wide,
    struct ResNeXt,
    struct R2p1d,
    struct DenseNet,
    struct R3d18,
    struct Mc318,
    struct R2plus1d18,
    struct C3d,
    struct C3dBn,
    struct I3d>;
// clang-format on

}  // namespace family
}  // namespace reel3d
