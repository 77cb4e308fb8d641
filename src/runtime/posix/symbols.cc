#include "runtime/posix/symbols.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>

namespace runtime::posix {
namespace {

constexpr const char* kProgram = "/proc/self/exe";

std::string ProgramPath() {
  char path[PATH_MAX];
  const ssize_t size = ::readlink(kProgram, path, sizeof path);
  return size > 0 ? std::string(path, static_cast<size_t>(size)) : std::string();
}

int AddMappings(dl_phdr_info* info, size_t, void* mappings) {
  auto& out = *static_cast<std::vector<CodeMapping>*>(mappings);
  const std::string file = *info->dlpi_name == '\0' ? ProgramPath() : info->dlpi_name;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    const uint64_t start = info->dlpi_addr + part.p_vaddr;
    out.push_back({start, start + part.p_memsz, part.p_offset, file});
  }
  return 0;
}

// Of the program, which comes first.
int TakeAddress(dl_phdr_info* info, size_t, void* address) {
  *static_cast<uint64_t*>(address) = info->dlpi_addr;
  return 1;
}

// A value of the type T at an offset of a file; nothing beyond its end.
template <typename T>
std::optional<T> At(base::ByteView file, uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

using Header = ElfW(Ehdr);
using Section = ElfW(Shdr);
using Symbol = ElfW(Sym);

std::optional<Section> SectionAt(base::ByteView file, const Header& header, size_t index) {
  return At<Section>(file, header.e_shoff + index * header.e_shentsize);
}

// The table of all symbols, or that of the exported ones if it was stripped.
std::optional<Section> FindTable(base::ByteView file, const Header& header) {
  std::optional<Section> exported;
  for (size_t i = 0; i < header.e_shnum; ++i) {
    const auto section = SectionAt(file, header, i);
    if (!section.has_value()) return std::nullopt;
    if (section->sh_type == SHT_SYMTAB) return section;
    if (section->sh_type == SHT_DYNSYM) exported = section;
  }
  return exported;
}

std::string TextAt(base::ByteView file, const Section& texts, uint64_t offset) {
  if (texts.sh_offset > file.size() || offset >= file.size() - texts.sh_offset) return "";
  const base::ByteView rest = file.substr(texts.sh_offset + offset);
  return std::string(rest.substr(0, rest.find('\0')));
}

std::string Demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), std::free);
  return text == nullptr ? name : std::string(text.get());
}

}  // namespace

std::vector<CodeMapping> CodeMappings() {
  std::vector<CodeMapping> mappings;
  ::dl_iterate_phdr(AddMappings, &mappings);
  return mappings;
}

Symbols::Symbols() {
  const int descriptor = ::open(kProgram, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat status {};
  if (::fstat(descriptor, &status) == 0) {
    const auto size = static_cast<size_t>(status.st_size);
    void* const file = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (file != MAP_FAILED) {
      uint64_t loaded_at = 0;
      ::dl_iterate_phdr(TakeAddress, &loaded_at);
      Read({static_cast<const char*>(file), size}, loaded_at);
      ::munmap(file, size);
    }
  }
  ::close(descriptor);
}

void Symbols::Read(base::ByteView file, uint64_t loaded_at) {
  const auto header = At<Header>(file, 0);
  if (!header.has_value()) return;
  const auto table = FindTable(file, *header);
  if (!table.has_value()) return;
  const auto texts = SectionAt(file, *header, table->sh_link);
  if (!texts.has_value()) return;
  for (uint64_t offset = 0; offset + sizeof(Symbol) <= table->sh_size; offset += sizeof(Symbol)) {
    const auto symbol = At<Symbol>(file, table->sh_offset + offset);
    if (!symbol.has_value()) return;
    if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_size == 0) continue;
    functions_.emplace(loaded_at + symbol->st_value,
                       Function{symbol->st_size, TextAt(file, *texts, symbol->st_name)});
  }
}

std::string Symbols::NameOf(uint64_t address) const {
  const auto next = functions_.upper_bound(address);
  if (next != functions_.begin()) {
    const auto& [begin, function] = *std::prev(next);
    if (address < begin + function.size) return Demangled(function.name);
  }
  Dl_info info;
  const bool is_found = ::dladdr(reinterpret_cast<void*>(address), &info) != 0;
  return is_found && info.dli_sname != nullptr ? Demangled(info.dli_sname) : "";
}

}  // namespace runtime::posix
