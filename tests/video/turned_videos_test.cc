// Streams of H.264 and HEVC may state a rotation of their pictures: the message "display
// orientation" of ITU-T H.264 D.1.27 and H.265 D.2.17. The tests use raw streams.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lib/video/frame_scaler.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

using test::TemporaryFolder;

constexpr int kWidth = 64;
constexpr int kHeight = 48;

struct Turn {
  int degrees;  // anticlockwise, as the standards count
  bool flip_x, flip_y;
  // The corner in which FFmpeg 5.1 shows the light from the upper left corner.
  bool right, bottom;
};

// The encoder with its options, the name of the file, and the header of the message.
struct Codec {
  const char* encoder;
  const char* options;
  const char* file;
  std::string message_header;
  bool persistence;  // whether a bit follows the angle
};

std::string Message(const Codec& codec, const Turn& turn) {
  constexpr int kFullTurn = 360;
  std::string bits = "0";
  bits += turn.flip_x ? '1' : '0';
  bits += turn.flip_y ? '1' : '0';
  const int angle = turn.degrees * 65536 / kFullTurn;
  for (int bit = 15; bit >= 0; --bit) {
    bits += (angle >> bit & 1) != 0 ? '1' : '0';
  }
  // These bits make the message persist. HEVC: one bit. H.264: repetition period 1, no extension.
  bits += codec.persistence ? "1" : "0100";
  bits += '1';  // the end of the payload
  bits.resize((bits.size() + 7) / 8 * 8, '0');
  std::string payload;
  for (size_t i = 0; i < bits.size(); i += 8) {
    payload += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
  }
  // Two zero bytes and a small byte would look like a start code, so a 3 is put between them.
  std::string escaped;
  for (const char byte : payload) {
    const size_t size = escaped.size();
    if (size >= 2 && escaped[size - 1] == 0 && escaped[size - 2] == 0 && byte <= 3) {
      escaped += '\3';
    }
    escaped += byte;
  }
  constexpr char kOrientation = 47;
  return std::string("\0\0\0\1", 4) + codec.message_header + kOrientation +
         static_cast<char>(payload.size()) + escaped + '\x80';
}

// Returns the place behind the parameter sets, before the first other unit. The message belongs
// there.
size_t BehindParameterSets(const std::string& stream, const Codec& codec) {
  size_t at = 0;
  while (true) {
    at = stream.find(std::string("\0\0\1", 3), at);
    if (at == std::string::npos) {
      return at;
    }
    const int header = static_cast<uint8_t>(stream.at(at + 3));
    const int type = codec.persistence ? header >> 1 & 63 : header & 31;
    const bool is_parameters =
        codec.persistence ? type >= 32 && type <= 35 : type >= 7 && type <= 9;
    if (!is_parameters) {
      return at > 0 && stream[at - 1] == 0 ? at - 1 : at;
    }
    at += 3;
  }
}

void LightInTheUpperLeft(int /*number*/, std::vector<uint8_t>* pixels) {
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      (*pixels)[y * kWidth + x] = x < kWidth / 2 && y < kHeight / 2 ? 220 : 30;
    }
  }
  std::fill(pixels->begin() + kWidth * kHeight, pixels->end(), uint8_t{128});
}

class TurnedVideosTest : public testing::TestWithParam<Codec> {};

TEST_P(TurnedVideosTest, AreShownAsTheirStreamSays) {
  const Codec& codec = GetParam();
  const TemporaryFolder folder;
  VideoEncoderOptions options;
  options.width = kWidth;
  options.height = kHeight;
  options.codec = codec.encoder;
  options.codec_options = codec.options;
  test::WriteSample(folder / codec.file, options, 5, LightInTheUpperLeft);
  const std::string plain = test::ReadBytes(folder / codec.file);
  const size_t at = BehindParameterSets(plain, codec);
  ASSERT_NE(at, std::string::npos);
  for (const Turn& turn :
       {Turn{90, false, false, false, true}, Turn{180, false, false, true, true},
        Turn{270, false, false, true, false}, Turn{0, true, false, true, false},
        Turn{0, false, true, false, true}, Turn{90, true, false, false, false}}) {
    std::string turned = plain;
    turned.insert(at, Message(codec, turn));
    test::WriteBytes(folder / codec.file, turned);
    VideoDecoder decoder(folder / codec.file);
    VideoFrame frame;
    int num_frames = 0;
    for (; decoder.Next(&frame); ++num_frames) {
      const ImageSize size = SizeForHeight(frame.aspect, 48);
      EXPECT_EQ(size.width, turn.degrees % 180 == 90 ? 36 : 64) << turn.degrees;
      FrameScaler scaler(size);
      const YuvImage& image = scaler.Scale(frame);
      const int left = size.width / 4;
      for (const bool bottom : {false, true}) {
        for (const bool right : {false, true}) {
          const int luma = image.row(0, bottom ? 36 : 12)[right ? size.width - left : left];
          EXPECT_EQ(luma > 128, right == turn.right && bottom == turn.bottom)
              << turn.degrees << (turn.flip_x ? " x" : "") << (turn.flip_y ? " y" : "") << ": "
              << (bottom ? "bottom " : "top ") << (right ? "right" : "left");
        }
      }
    }
    EXPECT_EQ(num_frames, 5) << turn.degrees;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, TurnedVideosTest,
    testing::Values(Codec{"libx264", "preset=veryfast:crf=10", "a.h264", "\x06", false},
                    Codec{"libx265", "preset=veryfast:crf=10:x265-params=log-level=none", "a.hevc",
                          "\x4E\x01", true}),
    [](const auto& info) { return info.param.encoder; });

}  // namespace
}  // namespace reel3d
