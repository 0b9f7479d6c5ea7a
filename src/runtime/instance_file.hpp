#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>

namespace chatear::runtime {

/// This process's locked file in STATE_DIR, which names its instance. The kernel gives the lock up
/// when the process dies, so that whoever gets the lock next knows for certain that the instance
/// named in the file is dead (rule 7), without waiting for its lease to run out.
class InstanceFile {
public:
    /// Takes the first free one of `<worker>-1.lock`, `<worker>-2.lock`, ... in `folder`. An Error
    /// names the folder and what is wrong with it.
    static Result<InstanceFile> take(
        const std::string& folder, const std::string& worker, const std::string& instance
    );

    /// Takes the file of `base` for who looks after what a dead process left there. Nothing: a
    /// process that lives has it.
    static Result<std::optional<InstanceFile>> take_left(
        const std::string& base, const std::string& instance
    );

    InstanceFile(InstanceFile&& other) noexcept;
    InstanceFile& operator=(InstanceFile&&) = delete;
    ~InstanceFile();

    /// `<folder>/<worker>-<number>`: how the names of what goes with the lock begin.
    const std::string& base() const { return base_; }

    /// The instance that held this file and did not end in good order.
    const std::optional<std::string>& predecessor() const { return predecessor_; }

    /// We end in good order: nobody is to declare us dead.
    void ended();

private:
    InstanceFile(int descriptor, std::string base, std::optional<std::string> predecessor)
        : descriptor_(descriptor), base_(std::move(base)), predecessor_(std::move(predecessor)) {}

    int descriptor_;
    std::string base_;
    std::optional<std::string> predecessor_;
};

}  // namespace chatear::runtime
