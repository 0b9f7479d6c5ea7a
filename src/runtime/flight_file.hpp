#pragma once

#include "base/result.hpp"
#include "runtime/flight_book.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace chatear::runtime {

/// A flight recorder's file in STATE_DIR, mapped into memory (mmap(2), MAP_SHARED): what was stored
/// in it is in the kernel's hands, so that neither SIGKILL nor a crash of the process loses it.
/// After a crash of the machine it may be of any age, which its boot id tells.
class FlightFile {
public:
    /// `<base>.<instance>.flight`, where `base` is InstanceFile::base(). An Error names the file
    /// and what is wrong with it; its blocks are allocated, so that a full disk shows here.
    static Result<FlightFile> create(
        const std::string& base, const std::string& instance, std::size_t places
    );

    FlightFile(FlightFile&& other) noexcept;
    FlightFile& operator=(FlightFile&&) = delete;
    ~FlightFile();

    FlightBook& book() { return *book_; }
    const std::string& path() const { return path_; }

    /// All verdicts stand: nobody needs to read it.
    void remove();

private:
    FlightFile(std::string path, std::span<std::byte> memory)
        : path_(std::move(path)), memory_(memory) {}

    std::string path_;
    std::span<std::byte> memory_;
    std::optional<FlightBook> book_;
};

/// A flight recorder that is left of a process which held the locked file of `base`.
struct LeftFlight {
    std::string path;
    Result<FlightLog> log;  ///< An Error: what cannot be read, and why.
};

/// What the names of locked files and flight recorders in `folder` begin with
/// (InstanceFile::base()), sorted. An Error names the folder.
Result<std::vector<std::string>> find_bases(const std::string& folder);

/// All of `base` but that of `own_instance`, by their names; the caller holds the lock, so their
/// processes are dead. Those written before the machine started last cannot be believed: an Error.
std::vector<LeftFlight> find_left_flights(const std::string& base, const std::string& own_instance);

}  // namespace chatear::runtime
