// Formats: PKWARE's APPNOTE.TXT, sections 4.3.7 to 4.3.16 and 4.5.3.
// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/zip_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/weights/byte_cursor.h"
#include "lib/weights/zip_format.h"

namespace reel3d {
namespace {

constexpr uint64_t kEndBytes = 22;
constexpr uint64_t kMaxCommentBytes = 0xffff;
constexpr uint64_t kEnd64Bytes = 56, kEnd64LocatorBytes = 20;
constexpr uint64_t kMaxDirectoryBytes = uint64_t{16} << 20;
constexpr uint64_t kIn64 = 0xffffffff;  // a field whose value stands in the 64-bit extension
constexpr uint64_t kExtension64 = 1;

constexpr std::string_view kEndMark = "PK\5\6", kEnd64Mark = "PK\6\6", kEnd64LocatorMark = "PK\6\7",
                           kCentralMark = "PK\1\2", kLocalMark = "PK\3\4";

Error MalformedZip(const InputFile& archive, const std::string& why) {
  return InputError(fmt::format("{}: not a sound zip archive: {}", archive.name(), why));
}

void Expect(ByteCursor& cursor, std::string_view mark) {
  if (cursor.Take(mark.size()) != mark) {
    throw cursor.Malformed("something else stands where a header should");
  }
}

struct Directory {
  uint64_t offset = 0, size_bytes = 0;
};

// Finds the directory by the record at the archive's end, which only a comment may follow.
Directory FindDirectory(const InputFile& archive) {
  const uint64_t tail_bytes = std::min(archive.size_bytes(), kEndBytes + kMaxCommentBytes);
  const uint64_t tail_begin = archive.size_bytes() - tail_bytes;
  const std::string tail = archive.ReadText(tail_begin, tail_bytes);
  const size_t at = tail.rfind(kEndMark);
  const std::string name = archive.name();
  if (at == std::string::npos) {
    throw MalformedZip(archive, "its end is missing: the file was cut, or its download broke off");
  }
  ByteCursor end(std::string_view(tail).substr(at), name, "zip archive");
  end.Take(12);
  Directory directory;
  directory.size_bytes = end.Number(4);
  directory.offset = end.Number(4);
  if (at >= kEnd64LocatorBytes &&
      tail.compare(at - kEnd64LocatorBytes, kEnd64LocatorMark.size(), kEnd64LocatorMark) == 0) {
    ByteCursor locator(std::string_view(tail).substr(at - kEnd64LocatorBytes), name, "zip archive");
    locator.Take(8);
    const std::string end64 = archive.ReadText(locator.Number(8), kEnd64Bytes);
    ByteCursor fields(end64, name, "zip archive");
    Expect(fields, kEnd64Mark);
    fields.Take(36);
    directory.size_bytes = fields.Number(8);
    directory.offset = fields.Number(8);
  }
  if (directory.size_bytes > kMaxDirectoryBytes) {
    throw MalformedZip(archive, "its directory is larger than that of any weights");
  }
  return directory;
}

// Replaces each field that holds kIn64 by the next value of the 64-bit extension.
void Extend(ByteCursor extra, std::initializer_list<uint64_t*> fields) {
  while (extra.left() >= 4) {
    const uint64_t kind = extra.Number(2);
    const uint64_t size_bytes = extra.Number(2);
    if (kind != kExtension64) {
      extra.Take(size_bytes);
      continue;
    }
    for (uint64_t* field : fields) {
      if (*field == kIn64) {
        *field = extra.Number(8);
      }
    }
    return;
  }
}

// `offset` of the result is the offset of the local header.
ZipEntry ReadCentralHeader(ByteCursor& cursor, const std::string& source) {
  Expect(cursor, kCentralMark);
  cursor.Take(4);
  const bool encrypted = (cursor.Number(2) & 1U) != 0;
  const bool compressed = cursor.Number(2) != 0;
  cursor.Take(4);
  ZipEntry entry;
  entry.crc32 = static_cast<uint32_t>(cursor.Number(4));
  entry.size_bytes = cursor.Number(4);
  uint64_t unpacked_bytes = cursor.Number(4);
  const uint64_t name_bytes = cursor.Number(2);
  const uint64_t extra_bytes = cursor.Number(2);
  const uint64_t comment_bytes = cursor.Number(2);
  cursor.Take(8);
  entry.offset = cursor.Number(4);
  entry.name = cursor.Take(name_bytes);
  Extend(ByteCursor(cursor.Take(extra_bytes), source, "zip archive"),
         {&unpacked_bytes, &entry.size_bytes, &entry.offset});
  cursor.Take(comment_bytes);
  entry.packed = encrypted || compressed || unpacked_bytes != entry.size_bytes;
  return entry;
}

// Moves the offset from the local header to the bytes behind it.
void PassLocalHeader(const InputFile& archive, ZipEntry* entry) {
  const std::string source = archive.name();
  const std::string header = archive.ReadText(entry->offset, kZipLocalHeaderBytes);
  ByteCursor cursor(header, source, "zip archive");
  Expect(cursor, kLocalMark);
  cursor.Take(22);
  const uint64_t name_bytes = cursor.Number(2);
  const uint64_t extra_bytes = cursor.Number(2);
  if (archive.ReadText(entry->offset + kZipLocalHeaderBytes, name_bytes) != entry->name) {
    throw cursor.Malformed("its directory names a file otherwise than the file itself");
  }
  entry->offset += kZipLocalHeaderBytes + name_bytes + extra_bytes;
}

}  // namespace

std::vector<ZipEntry> ReadZipDirectory(const InputFile& archive) {
  const Directory directory = FindDirectory(archive);
  const std::string bytes = archive.ReadText(directory.offset, directory.size_bytes);
  const std::string source = archive.name();
  ByteCursor cursor(bytes, source, "zip archive");
  std::vector<ZipEntry> entries;
  std::set<std::string> names;
  while (cursor.left() > 0) {
    entries.push_back(ReadCentralHeader(cursor, source));
    if (!names.insert(entries.back().name).second) {
      throw cursor.Malformed("it holds a name twice");
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const ZipEntry& a, const ZipEntry& b) { return a.offset < b.offset; });
  uint64_t end = 0;
  for (ZipEntry& entry : entries) {
    if (entry.offset < end) {
      throw MalformedZip(archive, "its files overlap");
    }
    PassLocalHeader(archive, &entry);
    if (entry.offset > directory.offset || entry.size_bytes > directory.offset - entry.offset) {
      throw MalformedZip(archive, "a file reaches beyond its place");
    }
    end = entry.offset + entry.size_bytes;
  }
  return entries;
}

void ReadZipEntry(const InputFile& archive, const ZipEntry& entry, void* bytes) {
  if (entry.packed) {
    throw MalformedZip(archive, "it is compressed or encrypted where torch.save never is");
  }
  archive.Read(entry.offset, bytes, entry.size_bytes);
  if (Crc32(bytes, entry.size_bytes) != entry.crc32) {
    throw MalformedZip(archive,
                       "another checksum than it states: it is damaged, or torch.save was "
                       "told to leave checksums out");
  }
}

}  // namespace reel3d
