// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/jpeg_stream.h"

#include <cstring>

namespace reel3d::jpeg {

const std::array<uint8_t, 64> kZigzagToNatural = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

namespace {

enum Marker : uint8_t {
  kBaseline = 0xC0,
  kHuffmanTables = 0xC4,
  kStartOfImage = 0xD8,
  kStartOfScan = 0xDA,
  kQuantisation = 0xDB,
  kRestartInterval = 0xDD,
  kFirstApplication = 0xE0,
  kLastApplication = 0xEF,
  kComment = 0xFE,
};

int Word(const uint8_t* bytes) { return bytes[0] << 8 | bytes[1]; }

// The payload of one marker segment, without its length field.
struct Payload {
  const uint8_t* bytes;
  size_t size;

  void Skip(size_t count) {
    bytes += count;
    size -= count;
  }
};

// Reads the marker segments up to the scan.
class HeaderReader {
 public:
  explicit HeaderReader(StreamHeader* header) : header_(*header) {}

  // Reads any marker except the start of the scan.
  bool Read(int marker, const Payload& payload) {
    switch (marker) {
      case kQuantisation:
        return ReadQuantisation(payload);
      case kHuffmanTables:
        return ReadHuffman(payload);
      case kBaseline:
        return ReadFrame(payload);
      case kRestartInterval:
        if (payload.size == 2) {
          header_.restart_interval = Word(payload.bytes);
        }
        return payload.size == 2;
      default:
        return marker == kComment || (marker >= kFirstApplication && marker <= kLastApplication);
    }
  }

  bool ReadScan(const Payload& payload) {
    const uint8_t* p = payload.bytes;
    if (!have_frame_ || payload.size != 10 || p[0] != 3 || p[7] != 0 || p[8] != 63 || p[9] != 0) {
      return false;
    }
    for (size_t c = 0; c < 3; ++c) {
      const uint8_t tables = p[2 + 2 * c];
      if (p[1 + 2 * c] != ids_[c] || (tables & 0xCC) != 0) {
        return false;
      }
      header_.dc_of[c] = tables >> 4;
      header_.ac_of[c] = tables & 15;
      if (!header_.dc[header_.dc_of[c]].present || !header_.ac[header_.ac_of[c]].present ||
          !header_.quant_present[header_.quant_of[c]]) {
        return false;
      }
    }
    return header_.restart_interval > 0 && header_.mcu_columns % header_.restart_interval == 0;
  }

 private:
  bool ReadQuantisation(Payload payload) {
    while (payload.size > 0) {
      const size_t id = payload.bytes[0];
      if (id > 3 || payload.size < 65) {  // ids above 3 include 16-bit tables
        return false;
      }
      for (size_t k = 0; k < 64; ++k) {
        const uint8_t value = payload.bytes[1 + k];
        if (value == 0) {
          return false;
        }
        header_.quant[id][kZigzagToNatural[k]] = value;
      }
      header_.quant_present[id] = true;
      payload.Skip(65);
    }
    return true;
  }

  bool ReadHuffman(Payload payload) {
    while (payload.size > 0) {
      if (payload.size < 17 || (payload.bytes[0] & 0xEC) != 0) {
        return false;
      }
      const bool is_ac = (payload.bytes[0] & 0x10) != 0;
      HuffmanSpec& spec = (is_ac ? header_.ac : header_.dc)[payload.bytes[0] & 3];
      size_t num_symbols = 0;
      for (size_t length = 1; length <= 16; ++length) {
        spec.count[length] = payload.bytes[length];
        num_symbols += payload.bytes[length];
      }
      if (num_symbols > spec.symbol.size() || payload.size < 17 + num_symbols) {
        return false;
      }
      std::memcpy(spec.symbol.data(), payload.bytes + 17, num_symbols);
      spec.present = true;
      payload.Skip(17 + num_symbols);
    }
    return true;
  }

  bool ReadFrame(const Payload& payload) {
    const uint8_t* p = payload.bytes;
    if (have_frame_ || payload.size != 15 || p[0] != 8 || p[5] != 3) {
      return false;
    }
    have_frame_ = true;
    header_.height = Word(p + 1);
    header_.width = Word(p + 3);
    for (size_t c = 0; c < 3; ++c) {
      const uint8_t* component = p + 6 + 3 * c;
      const int sampling = c == 0 ? 0x22 : 0x11;
      if (component[1] != sampling || component[2] > 3) {
        return false;
      }
      ids_[c] = component[0];
      header_.quant_of[c] = component[2];
    }
    header_.mcu_columns = (header_.width + 15) / 16;
    header_.mcu_rows = (header_.height + 15) / 16;
    return header_.width > 0 && header_.height > 0;
  }

  StreamHeader& header_;
  bool have_frame_ = false;
  std::array<uint8_t, 3> ids_{};
};

}  // namespace

bool ReadStreamHeader(const uint8_t* data, size_t size, StreamHeader* header) {
  *header = StreamHeader{};
  if (size < 4 || data[0] != 0xFF || data[1] != kStartOfImage) {
    return false;
  }
  HeaderReader reader(header);
  for (size_t at = 2; size - at >= 4;) {
    const int marker = data[at + 1];
    const auto length = static_cast<size_t>(Word(data + at + 2));
    if (data[at] != 0xFF || length < 2 || length > size - at - 2) {
      return false;
    }
    const Payload payload{data + at + 4, length - 2};
    at += 2 + length;
    if (marker == kStartOfScan) {
      header->scan_begin = at;
      return reader.ReadScan(payload);
    }
    if (!reader.Read(marker, payload)) {
      return false;
    }
  }
  return false;
}

}  // namespace reel3d::jpeg
