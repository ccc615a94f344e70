#include "storage/memtable.h"

#include <rocksdb/memtablerep.h>
#include <rocksdb/slice.h>

#include <new>

#include "storage/entry_list.h"

// RocksDB gives some iterators a place in an arena, and does not free them one by one. This is all
// of its class that is needed here; its header is not among those that are installed.
namespace rocksdb {
class Arena {
 public:
  char* AllocateAligned(size_t bytes, size_t huge_page_size, Logger* logger);
};
}  // namespace rocksdb

namespace holdfast::storage {
namespace {

BytesView view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

class Iterator final : public rocksdb::MemTableRep::Iterator {
 public:
  explicit Iterator(const EntryList& list) : cursor_(list) {}

  bool Valid() const override { return cursor_.valid(); }
  const char* key() const override { return cursor_.entry(); }
  void Next() override { cursor_.next(); }
  void Prev() override { cursor_.previous(); }
  void Seek(const rocksdb::Slice& internal_key, const char*) override {
    cursor_.to_first_from(view(internal_key));
  }
  void SeekForPrev(const rocksdb::Slice& internal_key, const char*) override {
    cursor_.to_last_until(view(internal_key));
  }
  void SeekToFirst() override { cursor_.to_first(); }
  void SeekToLast() override { cursor_.to_last(); }

 private:
  EntryList::Cursor cursor_;
};

// What RocksDB reads one key with: MemTableRep::Get() takes the key apart, asks for an iterator,
// and leaves it to whoever made it.
class Lookup final : public rocksdb::MemTableRep {
 public:
  explicit Lookup(const EntryList& list) : MemTableRep(nullptr), iterator_(list) {}

  Iterator* GetIterator(rocksdb::Arena*) override { return &iterator_; }

  // Not asked of it.
  void Insert(rocksdb::KeyHandle) override {}
  bool Contains(const char*) const override { return false; }
  size_t ApproximateMemoryUsage() override { return 0; }

 private:
  storage::Iterator iterator_;
};

class Memtable final : public rocksdb::MemTableRep {
 public:
  explicit Memtable(rocksdb::Allocator* allocator)
      : MemTableRep(allocator), entries_([this](std::size_t bytes) {
          char* memory = nullptr;
          MemTableRep::Allocate(bytes, &memory);
          return memory;
        }) {}

  rocksdb::KeyHandle Allocate(size_t bytes, char** entry) override {
    EntryList::Node* const node = entries_.make(bytes);
    *entry = EntryList::entry_of(node);
    return node;
  }
  bool InsertKey(rocksdb::KeyHandle handle) override {
    return entries_.insert(static_cast<EntryList::Node*>(handle));
  }
  void Insert(rocksdb::KeyHandle handle) override { InsertKey(handle); }
  void Get(const rocksdb::LookupKey& key, void* argument,
           bool (*visit)(void* argument, const char* entry)) override {
    Lookup(entries_).Get(key, argument, visit);
  }
  bool Contains(const char* entry) const override {
    return entries_.contains(view(rocksdb::GetLengthPrefixedSlice(entry)));
  }
  uint64_t ApproximateNumEntries(const rocksdb::Slice& from, const rocksdb::Slice& to) override {
    const std::uint64_t before = entries_.count_before(view(from));
    const std::uint64_t all = entries_.count_before(view(to));
    return all > before ? all - before : 0;
  }
  // Beyond what came from the allocator.
  size_t ApproximateMemoryUsage() override { return 0; }

  Iterator* GetIterator(rocksdb::Arena* arena) override {
    if (arena == nullptr) return new storage::Iterator(entries_);
    void* const place = arena->AllocateAligned(sizeof(storage::Iterator), 0, nullptr);
    return new (place) storage::Iterator(entries_);
  }

 private:
  EntryList entries_;
};

class Memtables final : public rocksdb::MemTableRepFactory {
 public:
  using MemTableRepFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator&,
                                          rocksdb::Allocator* allocator,
                                          const rocksdb::SliceTransform*,
                                          rocksdb::Logger*) override {
    return new Memtable(allocator);
  }
  const char* Name() const override { return "holdfast.EntryList"; }
  bool CanHandleDuplicatedKey() const override { return true; }
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> entry_list_memtables() {
  return std::make_shared<Memtables>();
}

}  // namespace holdfast::storage
