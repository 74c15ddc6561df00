// Fuzzes the reading of shards whose HDF5 structures and checksums are valid, but which have wrong
// numbers, or a column of the wrong length. (shard_reader_fuzz cannot make such shards, because
// HDF5's own checksums stop it.)
// SPDX-License-Identifier: Apache-2.0
#include "lib/hdf5/hdf5_writer.h"
#include "lib/shard/shard_reader.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/shard/small_shard.h"

namespace reel3d::fuzz {
namespace {

void LieAboutVideo(FileAndNumbers* input, ShardVideo* video) {
  const uint32_t number = input->Next();
  video->label = static_cast<int32_t>(number);
  video->width = static_cast<uint16_t>(input->Next());
  video->height = static_cast<uint16_t>(input->Next());
  video->fps_den = input->Next();
}

void Lie(FileAndNumbers* input, ShardTable* table) {
  const int about = input->Below(3);
  const uint32_t at = input->Next();
  const uint64_t number = uint64_t{input->Next()} << input->Below(40);
  if (about == 0) {
    table->offsets[at % table->offsets.size()] = number;
  } else if (about == 1) {
    table->first_frames[at % table->first_frames.size()] = number;
  } else {
    LieAboutVideo(input, &table->videos[at % table->videos.size()]);
  }
}

// Writes columns. Column number `lying`, in order of writing, gets the length `length`.
class ColumnWriter {
 public:
  ColumnWriter(Hdf5Writer* file, int lying, size_t length)
      : file_(*file), lying_(lying), length_(length) {}

  template <class Value>
  void Write(const std::string& name, std::vector<Value> values) {
    if (number_++ == lying_) {
      values.resize(length_);
    }
    file_.Values(name, values);
  }
  template <class Value>
  void Write(const std::string& name, const ShardTable& table, Value ShardVideo::*member) {
    std::vector<Value> column;
    for (const ShardVideo& video : table.videos) {
      column.push_back(video.*member);
    }
    Write(name, column);
  }

 private:
  Hdf5Writer& file_;
  const int lying_;
  const size_t length_;
  int number_ = 0;
};

void WriteAttributes(const ShardTable& table, Hdf5Writer* file) {
  file->Attribute("format", std::string(kShardFormat));
  file->Attribute("version", kShardVersion);
  file->Attribute("complete", uint8_t{1});
  file->Attribute("uuid", ContentUuid(table));
  file->Attribute("tool", std::string("a fuzzer"));
  file->Attribute("codec", std::string("jpeg"));
  file->Attribute("subsampling", std::string("420"));
  file->Attribute("color", std::string(kShardColor));
  file->Attribute("quality", table.quality);
  file->Attribute("height", table.height);
}

void WriteTable(const ShardTable& table, const std::vector<uint8_t>& data, Hdf5Writer* file,
                ColumnWriter* columns) {
  std::vector<std::string> ids;
  std::vector<uint32_t> row_crc32;
  for (size_t video = 0; video < table.videos.size(); ++video) {
    ids.push_back(table.videos[video].id);
    row_crc32.push_back(RowCrc32(table, video));
  }
  file->Group("/videos");
  file->Strings("/videos/id", ids);
  columns->Write("/videos/first", table.first_frames);
  columns->Write("/videos/label", table, &ShardVideo::label);
  columns->Write("/videos/width", table, &ShardVideo::width);
  columns->Write("/videos/height", table, &ShardVideo::height);
  columns->Write("/videos/restart", table, &ShardVideo::restart_interval);
  columns->Write("/videos/fps_num", table, &ShardVideo::fps_num);
  columns->Write("/videos/fps_den", table, &ShardVideo::fps_den);
  columns->Write("/videos/crc32", row_crc32);
  file->Group("/classes");
  file->Strings("/classes/name", table.classes);
  file->Group("/frames");
  columns->Write("/frames/offset", table.offsets);
  columns->Write("/frames/crc32", table.frame_crc32);
  columns->Write("/frames/data", data);
}

}  // namespace

// An input has the bytes of the frames, followed by numbers: the count of lies (wrong values), the
// column that gets a wrong length (none if there is no such column), this length, and the lies.
std::vector<std::string> Seeds() {
  std::string data;
  for (const std::vector<uint8_t>& jpeg : test::MakeSmallShard().frames) {
    data.append(jpeg.begin(), jpeg.end());
  }
  return {FileAndNumbers::Join(data, {0, 99, 0}), FileAndNumbers::Join(data, {0, 9, 7}),
          FileAndNumbers::Join(data, {1, 99, 0, 1, 2, 3, 4})};
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  static const ShardTable kHonest = test::MakeSmallShard().table;
  fuzz::FileAndNumbers input(data, size);
  ShardTable table = kHonest;
  const int num_lies = input.Below(3);
  const int lying_column = input.Below(100);
  const size_t length = input.Next() % 20;
  for (int i = 0; i < num_lies; ++i) {
    fuzz::Lie(&input, &table);
  }
  const fuzz::ScratchFile file;
  Hdf5Writer writer(file.path(), "a lying shard");
  fuzz::ColumnWriter columns(&writer, lying_column, length);
  fuzz::WriteAttributes(table, &writer);
  fuzz::WriteTable(table, input.file(), &writer, &columns);
  writer.Close();
  fuzz::AllowInputErrors([&] {
    const ShardReader reader(file.path());
    reader.Verify();
    // Each video has its frames after Verify(). The reader must not have believed wrong places of
    // frames.
    REEL3D_CHECK(reader.table().data_bytes() == input.file().size());
    std::vector<uint8_t> jpeg;
    for (size_t video = 0; video < reader.table().videos.size(); ++video) {
      const uint64_t first = reader.table().first_frames[video];
      REEL3D_CHECK(first < reader.table().first_frames[video + 1]);
      reader.ReadFrame(first, &jpeg);
    }
  });
  return 0;
}
